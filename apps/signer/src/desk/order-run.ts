import type { JsonObject } from '@sigstead/encoding';
import { OciError } from '@sigstead/oci';
import { HttpProblem, type Log } from '@sigstead/server';
import {
  signEach,
  SigningError,
  type CertifiedKey,
  type CertifiedKeySource,
  type SigningKey,
  type SigningServices,
  type SigningStep,
} from '@sigstead/signing';
import type { SignerIdentity } from '@sigstead/verification';
import type { KeyedQueue } from '../limits/keyed-queue.ts';
import type { KnownTokens } from '../limits/known-tokens.ts';
import type { Slots } from '../limits/slots.ts';
import type { TokenBuckets } from '../limits/token-buckets.ts';
import type { SignerMetrics } from '../metrics.ts';
import type { AuditRecord } from '../record/audit-record.ts';
import type { Answers } from '../record/idempotency-record.ts';
import { nameOf, type ArtifactOrder, type SigningOrder } from './order.ts';
import { outcomeRows, type Failure } from './outcome-rows.ts';
import { PiecesOfArtifacts, type PlacedPiece } from './pieces-of-artifacts.ts';
import type { Registries } from './registries.ts';
import { digestOfPiece, resolveArtifact, type Piece } from './resolve.ts';
import { signPiece, type MadeSignature } from './sign-piece.ts';
import { StepWatch } from './step-watch.ts';

/** What became of one artifact of an order, by its position. */
export type ArtifactOutcome =
  | { readonly artifact: number; readonly answer: JsonObject }
  | { readonly artifact: number; readonly error: SigningError | OciError };

/** What is going on. `step` says what begins. */
export type ProgressEvent =
  | {
      readonly event: 'resolved';
      readonly artifact: number;
      readonly digest: string;
      readonly pieces: number;
    }
  | { readonly event: 'accepted'; readonly identity: string; readonly issuer: string }
  | { readonly event: 'step'; readonly artifact: number; readonly digest: string; readonly step: SigningStep }
  | { readonly event: 'outcome'; readonly outcome: ArtifactOutcome };

export type OnEvent = (event: ProgressEvent) => void;

/** What all orders share. */
export interface Workshop {
  readonly audit: AuditRecord;
  readonly tokens: KnownTokens;
  readonly buckets: TokenBuckets;
  /** Of registries and signatures under way. */
  readonly slots: Slots;
  /** Of the lists beside images. */
  readonly lists: KeyedQueue;
  readonly maxSignatures: number;
  readonly metrics: SignerMetrics;
  readonly clock: () => Date;
  readonly log: Log;
}

/** What one order is worked on with. */
export interface OrderParts {
  readonly order: SigningOrder;
  readonly services: SigningServices;
  readonly registries: Registries;
  readonly keys: CertifiedKeySource;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
  /** Told when the authority has taken the token. */
  readonly recognised: () => void;
}

/** One order on its way: resolve, be certified, write down who asks for what, sign each, write down what became of it. */
export class OrderRun {
  readonly #workshop: Workshop;
  readonly #parts: OrderParts;
  readonly #outcomes: ArtifactOutcome[] = [];
  readonly #failures: Failure[] = [];

  constructor(workshop: Workshop, parts: OrderParts) {
    this.#workshop = workshop;
    this.#parts = parts;
  }

  /** Whose order it is. @throws SigningError TOKEN or of step `certificate` */
  async identity(): Promise<SignerIdentity> {
    return this.#knownIdentity() ?? (await this.#certified()).identity;
  }

  /**
   * @param answered what was signed before, and is not signed again
   * @param onAnswer told what is signed now
   */
  async work(
    answered: Answers,
    onAnswer: (artifact: number, answer: JsonObject) => void = () => undefined,
  ): Promise<ArtifactOutcome[]> {
    for (const outcome of [...answered].map(outcomeOf)) this.#tell(outcome);
    const pieces = await this.#resolve(answered);
    if (!pieces.isEmpty) {
      const request = await this.#begin(pieces);
      try {
        await this.#signAll(pieces, onAnswer);
      } finally {
        await this.#end(request, pieces);
      }
    }
    return this.#outcomes.sort((a, b) => a.artifact - b.artifact);
  }

  /** Asks the registries, before anybody else is asked for anything. */
  async #resolve(answered: Answers): Promise<PiecesOfArtifacts> {
    const { slots } = this.#workshop;
    const { order, signal } = this.#parts;
    const found = await Promise.all(
      order.artifacts.map((wish, artifact) =>
        slots.run(async () =>
          answered.has(artifact) || signal.aborted ? undefined : this.#resolveOne(wish, artifact),
        ),
      ),
    );
    const pieces = new PiecesOfArtifacts();
    found.forEach((some, artifact) => some && pieces.add(artifact, some));
    return pieces;
  }

  async #resolveOne(wish: ArtifactOrder, artifact: number): Promise<[Piece, ...Piece[]] | undefined> {
    const { services, registries, onEvent } = this.#parts;
    const { clock, metrics } = this.#workshop;
    try {
      const found = await metrics.timed('resolve', () =>
        resolveArtifact(wish, services, registries, clock()),
      );
      onEvent({ event: 'resolved', artifact, digest: digestOfPiece(found[0]), pieces: found.length });
      return found;
    } catch (error) {
      if (!(error instanceof SigningError) && !(error instanceof OciError)) throw error;
      this.#fail({ artifact, error, digest: undefined });
      return undefined;
    }
  }

  /** The last moment before something is signed: who asks is known, may ask for so much, and it is written down. */
  async #begin(pieces: PiecesOfArtifacts): Promise<string> {
    const { order, onEvent } = this.#parts;
    // Who is known to have used up his share is told before another certificate is made for him.
    const known = this.#knownIdentity();
    if (known !== undefined) this.#charge(known, pieces.count);
    const { identity, certificate } = await this.#certified();
    if (known === undefined) this.#charge(identity, pieces.count);
    const id = await this.#workshop.audit.begin({
      route: order.route,
      identity,
      certificateSerial: certificate.serialNumber,
      idempotencyKey: order.repeatable?.key,
      artifacts: pieces.all.map(({ artifact, piece }) => ({
        position: artifact,
        artifact: nameOf(order.artifacts[artifact] as ArtifactOrder),
        digest: digestOfPiece(piece),
      })),
    });
    onEvent({ event: 'accepted', identity: identity.identity, issuer: identity.issuer });
    return id;
  }

  #knownIdentity(): SignerIdentity | undefined {
    const { tokens, clock } = this.#workshop;
    return tokens.identityOf(this.#parts.order.token, clock());
  }

  async #certified(): Promise<CertifiedKey> {
    const { metrics, tokens } = this.#workshop;
    const { keys, order, recognised } = this.#parts;
    const key = await metrics.timed('certificate', () => keys.key());
    tokens.remember(order.token, key.identity, key.certificate.notAfter);
    recognised();
    return key;
  }

  #charge({ issuer, identity }: SignerIdentity, count: number): void {
    const { buckets, clock } = this.#workshop;
    const waitMs = buckets.take(JSON.stringify([issuer, identity]), count, clock());
    if (waitMs === 0) return;
    throw new HttpProblem(429, 'this identity has had too much signed in a short time', {
      type: 'rate-limited',
      headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
      extra: { step: 'certificate' },
    });
  }

  async #signAll(
    pieces: PiecesOfArtifacts,
    onAnswer: (artifact: number, answer: JsonObject) => void,
  ): Promise<void> {
    const { keys, order, signal } = this.#parts;
    const { slots, maxSignatures, metrics } = this.#workshop;
    const sign = (key: SigningKey, placed: PlacedPiece) => slots.run(() => this.#signOne(key, placed));
    const options = { concurrency: maxSignatures, signal };
    for await (const outcome of signEach(keys, pieces.all, sign, options)) {
      const { artifact, piece } = pieces.all[outcome.index] as PlacedPiece;
      if ('error' in outcome) {
        const isFirst = pieces.fail(artifact);
        // One outcome for an artifact, that of the piece that failed first; what else of it is signed stays signed.
        if (isFirst) this.#fail({ artifact, error: outcome.error, digest: digestOfPiece(piece) });
        continue;
      }
      const answer = pieces.sign(outcome.index, outcome.result);
      if (answer === undefined) continue;
      metrics.signed(order.route);
      onAnswer(artifact, answer);
      this.#tell({ artifact, answer });
    }
  }

  async #signOne(
    key: SigningKey,
    { artifact, piece }: PlacedPiece,
  ): Promise<[MadeSignature, ...MadeSignature[]]> {
    const { services, registries, onEvent } = this.#parts;
    const { lists, clock, metrics } = this.#workshop;
    const surroundings = {
      services,
      registry: registries.client,
      exclusively: <T>(list: string, work: () => Promise<T>) => lists.run(list, work),
      now: clock,
    };
    const digest = digestOfPiece(piece);
    const watch = new StepWatch(metrics);
    try {
      return await signPiece(piece, key, surroundings, (step) => {
        watch.next(step);
        onEvent({ event: 'step', artifact, digest, step });
      });
    } finally {
      watch.stop();
    }
  }

  #fail(failure: Failure): void {
    const { artifact, error } = failure;
    this.#workshop.metrics.failed(
      this.#parts.order.route,
      error instanceof SigningError ? error.step : 'resolve',
    );
    this.#failures.push(failure);
    this.#tell({ artifact, error });
  }

  #tell(outcome: ArtifactOutcome): void {
    this.#outcomes.push(outcome);
    this.#parts.onEvent({ event: 'outcome', outcome });
  }

  async #end(request: string, pieces: PiecesOfArtifacts): Promise<void> {
    const { audit, metrics, log } = this.#workshop;
    try {
      await audit.end(request, outcomeRows(this.#parts.order, pieces.signed, this.#failures));
    } catch (error) {
      // What is signed is signed, and who asked for it is on record.
      metrics.unrecorded();
      log.error('the outcomes of a request were not recorded', { request, error });
    }
  }
}

export function outcomeOf([artifact, answer]: [number, JsonObject]): ArtifactOutcome {
  return { artifact, answer };
}
