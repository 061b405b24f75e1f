import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { KeyError, PublicKey } from '@sigstead/crypto';
import { decodeUtf8, encodeHex, EncodingError } from '@sigstead/encoding';
import { readBody, reasonOf } from '@sigstead/http';
import { assertFresh, openRevocationList, RevocationError, type RevocationList } from '@sigstead/revocation';
import type { Fetch } from '@sigstead/tuf';
import { readBounded } from '@sigstead/watched-file';
import { replaceFile } from './cache-file.ts';
import { TrustAccessError } from './errors.ts';
import { RefreshLoop } from './refresh-loop.ts';
import { SILENT, type TrustLog } from './trust-source.ts';

export interface RevocationsSpec {
  /** Where the signed list is: a file, or a URL that answers with it. */
  readonly source: { readonly file: string } | { readonly url: string };
  /** PEM of the key that signs it, which is no CA's. */
  readonly publicKeyFile: string;
  /**
   * What happens while no fresh list is there. `require`: nothing is verified, for something may have been revoked. `warn`: the
   * last list counts, if there is one, and the status tells.
   */
  readonly whenStale: 'require' | 'warn';
}

export interface RevocationsOptions {
  readonly clock: () => Date;
  readonly fetch: Fetch;
  /** A URL is not dialled: what was kept of it is used while it is fresh. */
  readonly offline?: boolean;
  /**
   * Where the newest list is kept, so that an older one is refused after a restart too; undefined: it is remembered as long as the
   * process runs.
   */
  readonly cacheDirectory?: string | undefined;
  readonly log?: TrustLog;
  /** How often the source is asked; every 5 minutes unless told. */
  readonly refreshEveryMs?: number;
  readonly random?: () => number;
}

export interface RevocationsStatus {
  readonly sequence: number | undefined;
  /** Whether {@link Revocations.current} would give a fresh list. */
  readonly fresh: boolean;
  readonly nextUpdate: Date | undefined;
  /** Why there is nothing newer. */
  readonly fault: { readonly reason: string; readonly since: Date } | undefined;
}

/** An envelope of the largest list has 22 MiB. */
const MAX_LIST_BYTES = 24 * 1024 * 1024;
const MAX_KEY_BYTES = 8 * 1024;
const EVERY_MS = 5 * 60_000;
const RETRY_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** The signed list of what is revoked, asked for again and again. A list older than one that was seen is never taken. */
export class Revocations {
  readonly #spec: RevocationsSpec;
  readonly #options: RevocationsOptions;
  readonly #key: PublicKey;
  readonly #loop: RefreshLoop;
  #list: RevocationList | undefined;
  #digest = '';
  #fault: RevocationsStatus['fault'];

  /**
   * Asks the source once. A source that does not answer is in the status.
   *
   * @throws TrustAccessError CONFIG when the key cannot be used
   */
  static async open(spec: RevocationsSpec, options: RevocationsOptions): Promise<Revocations> {
    const revocations = new Revocations(spec, options, await readKey(spec.publicKeyFile));
    await revocations.#restore();
    await revocations.refresh();
    return revocations;
  }

  private constructor(spec: RevocationsSpec, options: RevocationsOptions, key: PublicKey) {
    this.#spec = spec;
    this.#options = options;
    this.#key = key;
    const everyMs = options.refreshEveryMs ?? EVERY_MS;
    const times = { everyMs, retryMs: Math.min(RETRY_MS, everyMs), random: options.random ?? Math.random };
    this.#loop = new RefreshLoop(times, () => this.#ask());
  }

  /**
   * The list as of now. To be asked once for each verification.
   *
   * @returns undefined when there is none, which only happens under `warn`
   * @throws TrustAccessError NO_REVOCATIONS under `require`, when there is no fresh one
   */
  current(): RevocationList | undefined {
    if (this.#isFresh() || this.#spec.whenStale === 'warn') return this.#list;
    throw new TrustAccessError('NO_REVOCATIONS', `what is revoked is not known: ${this.#staleReason()}`);
  }

  /** Changes with the list in use: for keys of cached verdicts. */
  get version(): string {
    return this.#digest;
  }

  status(): RevocationsStatus {
    return {
      sequence: this.#list?.sequence,
      fresh: this.#isFresh(),
      nextUpdate: this.#list?.nextUpdate,
      fault: this.#fault,
    };
  }

  /** Never rejects. */
  async refresh(): Promise<void> {
    await this.#loop.run();
  }

  async close(): Promise<void> {
    await this.#loop.close();
  }

  async #ask(): Promise<boolean> {
    const { clock, log = SILENT } = this.#options;
    try {
      const envelope = await this.#read();
      if (envelope !== undefined) await this.#take(envelope);
      this.#fault = undefined;
      return true;
    } catch (error) {
      const known = error instanceof RevocationError || error instanceof SourceError;
      const reason = known ? error.message : 'it cannot be read for an unknown reason';
      if (reason !== this.#fault?.reason) log.warn('list of revocations cannot be refreshed', { reason });
      this.#fault = { reason, since: this.#fault?.since ?? clock() };
      return false;
    }
  }

  /** @returns undefined when nothing may be dialled */
  async #read(): Promise<Uint8Array | undefined> {
    const { source } = this.#spec;
    if ('url' in source) {
      const { fetch, offline } = this.#options;
      return offline === true ? undefined : fetchList(source.url, fetch);
    }
    const content = await readBounded(source.file, MAX_LIST_BYTES);
    if ('failure' in content) throw new SourceError(`${source.file}: ${content.failure}`);
    return content.bytes;
  }

  async #take(envelope: Uint8Array): Promise<void> {
    const digest = digestOf(envelope);
    if (digest === this.#digest) return;
    const list = openRevocationList(envelope, this.#key);
    assertFresh(list, this.#options.clock(), this.#list?.sequence);
    await this.#keep(envelope);
    this.#list = list;
    this.#digest = digest;
    const { log = SILENT } = this.#options;
    log.info('list of revocations in use', { sequence: list.sequence, revocations: list.revocations.length });
  }

  /** What was kept is signed: whoever wrote it can neither forget a revocation unseen nor make newer lists look old. */
  async #restore(): Promise<void> {
    const file = this.#cacheFile();
    const kept = file === undefined ? undefined : await readBounded(file, MAX_LIST_BYTES);
    if (kept === undefined || 'failure' in kept) return;
    try {
      this.#list = openRevocationList(kept.bytes, this.#key);
      this.#digest = digestOf(kept.bytes);
    } catch (error) {
      if (!(error instanceof RevocationError)) throw error;
      const { log = SILENT } = this.#options;
      log.warn('the list of revocations that was kept is not used', { reason: error.message });
    }
  }

  async #keep(envelope: Uint8Array): Promise<void> {
    const file = this.#cacheFile();
    if (file === undefined) return;
    try {
      await replaceFile(file, envelope);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
      const { log = SILENT } = this.#options;
      log.warn('list of revocations cannot be kept for the next start', { file, reason });
    }
  }

  #cacheFile(): string | undefined {
    const { cacheDirectory } = this.#options;
    const name = `revocations-${encodeHex(this.#key.keyId).slice(0, 16)}.json`;
    return cacheDirectory === undefined ? undefined : join(cacheDirectory, name);
  }

  #isFresh(): boolean {
    return this.#list !== undefined && this.#options.clock().getTime() < this.#list.nextUpdate.getTime();
  }

  #staleReason(): string {
    if (this.#fault !== undefined) return this.#fault.reason;
    if (this.#list === undefined) return 'there is no list yet';
    return `the list was good until ${this.#list.nextUpdate.toISOString()}`;
  }
}

/** Why a source gives no list. */
class SourceError extends Error {}

async function fetchList(url: string, fetch: Fetch): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, { redirect: 'manual', signal });
    const { bytes, complete } = await readBody(response, MAX_LIST_BYTES, signal);
    if (response.status !== 200) throw new SourceError(`${url} answered ${response.status}`);
    if (!complete) throw new SourceError(`${url} answered with more than ${MAX_LIST_BYTES} bytes`);
    return bytes;
  } catch (cause) {
    if (cause instanceof SourceError) throw cause;
    if (signal.aborted) throw new SourceError(`${url} did not answer in time`, { cause });
    throw new SourceError(`${url} cannot be reached: ${reasonOf(cause)}`, { cause });
  }
}

async function readKey(file: string): Promise<PublicKey> {
  const content = await readBounded(file, MAX_KEY_BYTES);
  if ('failure' in content)
    throw new TrustAccessError('CONFIG', `key of revocations: ${file}: ${content.failure}`);
  try {
    return PublicKey.fromPem(decodeUtf8(content.bytes));
  } catch (cause) {
    if (!(cause instanceof KeyError || cause instanceof EncodingError)) throw cause;
    throw new TrustAccessError('CONFIG', `key of revocations: ${file}: ${cause.message}`, { cause });
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
