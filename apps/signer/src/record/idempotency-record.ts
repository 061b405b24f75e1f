import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import type { SignerIdentity } from '@sigstead/verification';
import type { Pool } from 'pg';
import { RecordError } from './record-error.ts';
import { runStatement } from './statement.ts';

/** A request that may be repeated. */
export interface RepeatableRequest {
  readonly key: string;
  /** SHA-256 of all that was asked for, but not of who asks: another token of the same identity is the same request. */
  readonly fingerprint: Uint8Array;
}

/** Answers by the position of their artifact: only those of artifacts that are signed. */
export type Answers = ReadonlyMap<number, JsonObject>;

/** One request while it is ours alone. */
export interface Held {
  /** What an earlier attempt has signed: not to be signed again. */
  readonly answers: Answers;
  /** Nobody else takes it for dead as long as this is called every {@link HOLD_MS} / 3 or so. */
  keep(answers: Answers): Promise<void>;
  /** Gives it up: done for good, or with the rest left to the next attempt. */
  release(answers: Answers, done: boolean): Promise<void>;
}

export interface IdempotencyOptions {
  readonly pool: Pool;
  readonly clock: () => Date;
  readonly hours: number;
  readonly waitMs: number;
}

/** After so long without a sign of life the holder of a key is taken for dead. */
export const HOLD_MS = 30_000;
const POLL_MS = 100;
const PURGE_MS = 600_000;
/** What we wrote ourselves; the bound is that of what one request may hold. */
const MAX_ANSWERS_BYTES = 256 * 1024 * 1024;

interface Row {
  readonly fingerprint: Buffer;
  readonly answers: string;
  readonly done: boolean;
}

/**
 * Remembers answers by the caller's key, so that a retry does not sign twice. The key is the identity's own: nobody can ask for, or
 * block, what belongs to others.
 */
export class IdempotencyRecord {
  readonly #options: IdempotencyOptions;
  #purgedAtMs = 0;

  constructor(options: IdempotencyOptions) {
    this.#options = options;
  }

  /**
   * Takes hold of a request, or finds that it was answered before. Waits for another holder.
   *
   * @throws RecordError KEY_REUSED, IN_PROGRESS after the wait, UNAVAILABLE
   */
  async hold(
    identity: SignerIdentity,
    request: RepeatableRequest,
    signal?: AbortSignal,
  ): Promise<Held | Answers> {
    const { clock, waitMs } = this.#options;
    const owner = ownerOf(identity);
    const until = clock().getTime() + waitMs;
    await this.#purge();
    for (;;) {
      const held = await this.#take(owner, request);
      if (held !== undefined) return held;
      const found = await this.#find(owner, request);
      if (found?.done === true) return readAnswers(found.answers);
      if (found !== undefined && clock().getTime() >= until)
        throw new RecordError('IN_PROGRESS', 'a request with this idempotency key is under way');
      await delay(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw new RecordError(
          'IN_PROGRESS',
          'the caller did not wait for the request with this idempotency key',
        );
      });
    }
  }

  /** What was answered, when all of it was. @throws RecordError KEY_REUSED, UNAVAILABLE */
  async answered(identity: SignerIdentity, request: RepeatableRequest): Promise<Answers | undefined> {
    const found = await this.#find(ownerOf(identity), request);
    return found?.done === true ? readAnswers(found.answers) : undefined;
  }

  /** A new key, one that has expired, or one whose holder is gone: then with what it had signed. */
  async #take(owner: Uint8Array, { key, fingerprint }: RepeatableRequest): Promise<Held | undefined> {
    const { pool, clock, hours } = this.#options;
    const holder = randomUUID();
    const now = clock();
    const [row] = await runStatement<Row>(
      pool,
      `INSERT INTO signer.idempotency AS known (owner, key, fingerprint, holder, held_until, answers, done, expires_at)
       VALUES ($1, $2, $3, $4, $5, '{}', false, $6)
       ON CONFLICT (owner, key) DO UPDATE SET holder = $4, held_until = $5, fingerprint = $3,
         answers = CASE WHEN known.expires_at < $7 THEN '{}' ELSE known.answers END,
         done = false,
         expires_at = CASE WHEN known.expires_at < $7 THEN $6 ELSE known.expires_at END
       WHERE known.expires_at < $7 OR (known.fingerprint = $3 AND NOT known.done AND known.held_until < $7)
       RETURNING fingerprint, answers, done`,
      [owner, key, fingerprint, holder, later(now, HOLD_MS), later(now, hours * 3_600_000), now],
    );
    if (row === undefined) return undefined;
    const write = (answers: Answers, done: boolean, heldUntil: Date): Promise<unknown> =>
      runStatement(
        pool,
        `UPDATE signer.idempotency SET answers = $4, done = $5, held_until = $6
         WHERE owner = $1 AND key = $2 AND holder = $3`,
        [owner, key, holder, writeAnswers(answers), done, heldUntil],
      );
    return {
      answers: readAnswers(row.answers),
      keep: async (answers) => void (await write(answers, false, later(clock(), HOLD_MS))),
      release: async (answers, done) => {
        if (answers.size > 0) await write(answers, done, new Date(clock().getTime() - 1));
        else
          await runStatement(
            pool,
            'DELETE FROM signer.idempotency WHERE owner = $1 AND key = $2 AND holder = $3',
            [owner, key, holder],
          );
      },
    };
  }

  async #find(owner: Uint8Array, { key, fingerprint }: RepeatableRequest): Promise<Row | undefined> {
    const { pool, clock } = this.#options;
    const [row] = await runStatement<Row>(
      pool,
      `SELECT fingerprint, answers, done FROM signer.idempotency WHERE owner = $1 AND key = $2 AND expires_at >= $3`,
      [owner, key, clock()],
    );
    if (row !== undefined && !row.fingerprint.equals(fingerprint))
      throw new RecordError('KEY_REUSED', 'the idempotency key was used for another request');
    return row;
  }

  /** Now and then, by whoever comes along. */
  async #purge(): Promise<void> {
    const { pool, clock } = this.#options;
    const now = clock();
    if (now.getTime() - this.#purgedAtMs < PURGE_MS) return;
    this.#purgedAtMs = now.getTime();
    await runStatement(pool, 'DELETE FROM signer.idempotency WHERE expires_at < $1', [now]);
  }
}

function ownerOf({ issuer, identityType, identity }: SignerIdentity): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([issuer, identityType, identity]))
    .digest();
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}

function writeAnswers(answers: Answers): string {
  return JSON.stringify(Object.fromEntries(answers));
}

function readAnswers(text: string): Answers {
  const stored = parseJson(text, { maxBytes: MAX_ANSWERS_BYTES, maxDepth: 64 });
  if (!isJsonObject(stored)) throw new Error('stored answers are no JSON object');
  return new Map(
    Object.entries(stored).map(([position, answer]) => [Number(position), answer as JsonObject]),
  );
}
