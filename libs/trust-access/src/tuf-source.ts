import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TrustError } from '@sigstead/trust';
import { Repository, TufError, type Expiry, type Fetch } from '@sigstead/tuf';
import { readBounded } from '@sigstead/watched-file';
import { replaceFile } from './cache-file.ts';
import { TrustAccessError } from './errors.ts';
import { RefreshLoop, type RefreshTimes } from './refresh-loop.ts';
import { decodeState, encodeState, MAX_STATE_BYTES } from './repository-state.ts';
import {
  readTrustRoot,
  type NamedTrustRoot,
  type TrustLog,
  type TrustRootStatus,
  type TrustSource,
} from './trust-source.ts';

export interface TufSourceOptions {
  readonly clock: () => Date;
  readonly log: TrustLog;
  /** Undefined: nothing is dialled, what was kept is used, and its end is told and not enforced. */
  readonly fetch: Fetch | undefined;
  /** Undefined: nothing is kept between two runs. */
  readonly cacheDirectory: string | undefined;
  readonly times: RefreshTimes;
}

export interface TufRepositorySpec {
  readonly name: string;
  readonly mirror: string;
  readonly initialRoot: Uint8Array;
  /** Used while nothing is dialled and nothing was kept. */
  readonly embedded?: Uint8Array;
}

const FILES = { required: ['trusted_root.json'], optional: ['signing_config.v0.2.json'] };
const FILE_TIMEOUT_MS = 10_000;
const REFRESH_TIMEOUT_MS = 60_000;

/** The trusted root a TUF repository vouches for. It is not used beyond the end of its metadata unless nothing may be dialled. */
export class TufSource implements TrustSource {
  readonly #spec: TufRepositorySpec;
  readonly #options: TufSourceOptions;
  readonly #repository: Repository;
  readonly #loop: RefreshLoop | undefined;
  #root: NamedTrustRoot | undefined;
  #origin: TrustRootStatus['origin'];
  #since: Date | undefined;
  #fault: TrustRootStatus['fault'];

  /**
   * Asks the mirror once, unless nothing may be dialled. A mirror that does not answer is in the status.
   *
   * @throws TrustAccessError CONFIG when the initial root is none
   */
  static async open(spec: TufRepositorySpec, options: TufSourceOptions): Promise<TufSource> {
    const file = cacheFile(spec, options);
    const kept = file === undefined ? undefined : await readBounded(file, MAX_STATE_BYTES);
    const source = new TufSource(
      spec,
      options,
      kept !== undefined && 'bytes' in kept ? kept.bytes : undefined,
    );
    await source.refresh();
    return source;
  }

  private constructor(spec: TufRepositorySpec, options: TufSourceOptions, kept: Uint8Array | undefined) {
    this.#spec = spec;
    this.#options = options;
    this.#repository = this.#openRepository(kept && decodeState(kept));
    this.#use(() => this.#fromRepository(), 'cache');
    if (options.fetch === undefined) {
      const { embedded } = spec;
      if (this.#root === undefined && embedded !== undefined)
        this.#use(() => readTrustRoot(spec.name, embedded), 'embedded');
      if (this.#root === undefined) this.#fail('nothing was kept of it, and nothing may be dialled');
    } else {
      this.#loop = new RefreshLoop(options.times, () => this.#ask());
    }
  }

  current(): NamedTrustRoot | undefined {
    return this.#isWithdrawn() ? undefined : this.#root;
  }

  status(): TrustRootStatus {
    const expired = this.#expired();
    const [first] = this.#expiries();
    return {
      name: this.#spec.name,
      usable: this.current() !== undefined,
      origin: this.#root && this.#origin,
      since: this.#root && this.#since,
      expires: first && { role: first.role, at: first.expires },
      fault: this.#fault ?? (expired && { reason: wordsOf(expired), since: expired.expires }),
    };
  }

  async refresh(): Promise<void> {
    await this.#loop?.run();
  }

  async close(): Promise<void> {
    await this.#loop?.close();
  }

  /** @returns whether the mirror's word is in use */
  async #ask(): Promise<boolean> {
    const { fetch, clock } = this.#options;
    if (fetch === undefined) return false;
    const signal = AbortSignal.timeout(REFRESH_TIMEOUT_MS);
    const mirror = { url: this.#spec.mirror, fetch, timeoutMs: FILE_TIMEOUT_MS, signal };
    try {
      await this.#repository.refresh(mirror, FILES, clock());
      this.#use(() => this.#fromRepository(), 'mirror');
    } catch (error) {
      // Newer roots may have taken back what was in use.
      if (this.#repository.file(TRUSTED_ROOT) === undefined) this.#root = undefined;
      // Whatever it is: nobody waits for this.
      this.#fail(error instanceof TufError ? error.message : 'it cannot be refreshed for an unknown reason');
    }
    await this.#keep();
    return this.#fault === undefined;
  }

  /** A repository may vouch for something that is no trusted root; what was good before stays. */
  #use(read: () => NamedTrustRoot | undefined, origin: TrustRootStatus['origin']): void {
    const { clock, log } = this.#options;
    try {
      const root = read();
      if (root === undefined) return;
      const before = this.#root;
      const isNew = root.digest !== before?.digest;
      if (isNew) log.info('trusted root in use', { root: root.name, from: origin });
      // The same root stays the same object: whoever verifies may have prepared it.
      this.#root = isNew ? root : { ...root, trustedRoot: before.trustedRoot };
      this.#origin = origin;
      this.#since = clock();
      this.#fault = undefined;
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      this.#fail(`${this.#spec.mirror} vouches for a file that cannot be used: ${error.message}`);
    }
  }

  #fromRepository(): NamedTrustRoot | undefined {
    const root = this.#repository.file(TRUSTED_ROOT);
    if (root === undefined) return undefined;
    return readTrustRoot(this.#spec.name, root, this.#repository.file('signing_config.v0.2.json'));
  }

  #fail(reason: string): void {
    const { clock, log } = this.#options;
    // Said once for each reason: a mirror that is down is asked again and again.
    if (reason !== this.#fault?.reason)
      log.warn('trusted root cannot be refreshed', { root: this.#spec.name, reason });
    this.#fault = { reason, since: this.#fault?.since ?? clock() };
  }

  /** Whoever keeps renewed metadata away must not make old ones count. Where nothing is dialled, the operator has chosen so. */
  #isWithdrawn(): boolean {
    return this.#options.fetch !== undefined && this.#expired() !== undefined;
  }

  #expired(): Expiry | undefined {
    const [first] = this.#expiries();
    return first !== undefined && this.#options.clock().getTime() >= first.expires.getTime()
      ? first
      : undefined;
  }

  #expiries(): readonly Expiry[] {
    return this.#origin === 'embedded' ? [] : this.#repository.expiries();
  }

  #openRepository(state: ReturnType<typeof decodeState>): Repository {
    const { name, initialRoot } = this.#spec;
    try {
      const repository = new Repository(initialRoot, state);
      const { ignored } = repository;
      if (ignored !== undefined)
        this.#options.log.warn('what was kept of a trust root is not used', {
          root: name,
          reason: ignored.message,
        });
      return repository;
    } catch (cause) {
      if (!(cause instanceof TufError)) throw cause;
      throw new TrustAccessError(
        'CONFIG',
        `trust root ${name}: the initial root cannot be used: ${cause.message}`,
        { cause },
      );
    }
  }

  async #keep(): Promise<void> {
    const file = cacheFile(this.#spec, this.#options);
    if (file === undefined) return;
    try {
      await replaceFile(file, encodeState(this.#repository.state()));
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
      this.#options.log.warn('trust root cannot be kept for the next start', {
        root: this.#spec.name,
        file,
        reason,
      });
    }
  }
}

const TRUSTED_ROOT = 'trusted_root.json';

/** Names are of our own pattern, and a mirror becomes a hash: nothing that is signed or served is part of a path. */
function cacheFile(
  { name, mirror }: TufRepositorySpec,
  { cacheDirectory }: Pick<TufSourceOptions, 'cacheDirectory'>,
): string | undefined {
  if (cacheDirectory === undefined) return undefined;
  const hash = createHash('sha256').update(mirror).digest('hex').slice(0, 16);
  return join(cacheDirectory, `${name}-${hash}.json`);
}

function wordsOf({ role, expires }: Expiry): string {
  return `${role}.json expired at ${expires.toISOString()}`;
}
