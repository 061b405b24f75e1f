import { createHash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import { IssuerPool, OidcError, parseIssuerConfiguration, type IssuerPoolOptions } from '@sigstead/oidc';

/** Where the operator is told; a service's log fits. */
export interface IssuerSourceLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface IssuerSourceOptions extends Omit<IssuerPoolOptions, 'previous'> {
  readonly log: IssuerSourceLog;
  /** Does the work again and again until the returned function is called; every 2 seconds unless told. */
  readonly repeat?: (work: () => Promise<void>) => () => void;
}

export interface IssuerSourceStatus {
  /** Configured issuers and patterns of issuers in use. */
  readonly issuers: number;
  /** When the configuration in use was read. */
  readonly readAt: Date;
  /** How often the file has been taken anew since the start. */
  readonly reloads: number;
  /** Why the file as it is now is not in use; its last good content still is. */
  readonly fault: { readonly reason: string; readonly since: Date } | undefined;
}

const MAX_FILE_BYTES = 1024 * 1024;
const POLL_MS = 2_000;

type Content = { readonly bytes: Uint8Array } | { readonly failure: string };

/**
 * The issuers of a configuration file that may change while it is in use. The content is compared, not the file: it may
 * be written in place, renamed over, or be a link that Kubernetes swaps. A change counts once it was seen twice in a
 * row, so that a half-written file, which may well be valid YAML, never takes issuers away. A file that cannot be used
 * changes nothing: the last good one stays, and the operator is told once.
 */
export class IssuerSource {
  readonly #file: string;
  readonly #options: IssuerSourceOptions;
  readonly #stop: () => void;
  #pool: IssuerPool;
  #status: IssuerSourceStatus;
  /** Digests of the content in force (or refused), and of the content seen last. */
  #settled: string;
  #seen: string;
  #polling: Promise<void> | undefined;

  private constructor(file: string, options: IssuerSourceOptions, content: Content) {
    this.#file = file;
    this.#options = options;
    this.#pool = this.#poolFrom(content, undefined);
    this.#settled = this.#seen = digestOf(content);
    this.#status = { ...this.#fresh(), reloads: 0 };
    this.#tellIgnored();
    this.#stop = (options.repeat ?? everyTwoSeconds)(() => this.#poll());
  }

  /** @throws OidcError CONFIG when the file cannot be read or used: at the start there is no last good one */
  static async open(file: string, options: IssuerSourceOptions): Promise<IssuerSource> {
    return new IssuerSource(file, options, await readContent(file));
  }

  /** The issuers as of now. To be asked once for each token, and kept while it is judged. */
  current(): IssuerPool {
    return this.#pool;
  }

  status(): IssuerSourceStatus {
    return this.#status;
  }

  /** Looks at the file no more. What is in use stays usable. */
  async close(): Promise<void> {
    this.#stop();
    await this.#polling;
  }

  /** One look at a time: a file system that hangs is not asked twice. */
  #poll(): Promise<void> {
    this.#polling ??= this.#look().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  async #look(): Promise<void> {
    const content = await readContent(this.#file);
    const digest = digestOf(content);
    const isStable = digest === this.#seen;
    this.#seen = digest;
    if (!isStable || digest === this.#settled) return;
    this.#settled = digest;
    this.#take(content);
  }

  #take(content: Content): void {
    const { log, clock } = this.#options;
    try {
      this.#pool = this.#poolFrom(content, this.#pool);
      this.#status = { ...this.#fresh(), reloads: this.#status.reloads + 1 };
      log.info('issuer configuration read anew', { file: this.#file, issuers: this.#status.issuers });
      this.#tellIgnored();
    } catch (error) {
      // Whatever it is: nobody waits for this, and the last good configuration is there.
      const reason = error instanceof OidcError ? error.message : 'it cannot be read for an unknown reason';
      this.#status = { ...this.#status, fault: { reason, since: clock() } };
      log.error('issuer configuration cannot be used, the last good one stays', { file: this.#file, reason });
    }
  }

  #tellIgnored(): void {
    const { ignored } = this.#pool.configuration;
    if (ignored.length === 0) return;
    this.#options.log.warn('issuer configuration has keys that mean nothing', { file: this.#file, ignored });
  }

  /** Keys of issuers that are dialled as before are kept: a change of one issuer is no reason to ask all the others. */
  #poolFrom(content: Content, previous: IssuerPool | undefined): IssuerPool {
    if ('failure' in content) throw new OidcError('CONFIG', `issuer configuration: ${content.failure}`);
    const configuration = parseIssuerConfiguration(content.bytes);
    const { fetch, clock, timeoutMs } = this.#options;
    return new IssuerPool(configuration, {
      fetch,
      clock,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(previous === undefined ? {} : { previous }),
    });
  }

  #fresh(): Omit<IssuerSourceStatus, 'reloads'> {
    const { issuers, metaIssuers } = this.#pool.configuration;
    return { issuers: issuers.length + metaIssuers.length, readAt: this.#options.clock(), fault: undefined };
  }
}

/**
 * Never more than a configuration may have, and without waiting for a writer: the path may be a slip, and name a disk or a pipe.
 * A thread that waits for one would keep the process from ending.
 */
async function readContent(file: string): Promise<Content> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const pieces: Uint8Array[] = [];
      for await (const piece of handle.createReadStream({ end: MAX_FILE_BYTES, autoClose: false }))
        pieces.push(piece as Uint8Array);
      const bytes = Buffer.concat(pieces);
      if (bytes.length > MAX_FILE_BYTES)
        return { failure: `the file is larger than ${MAX_FILE_BYTES} bytes` };
      return { bytes };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return {
      failure: `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
    };
  }
}

function digestOf(content: Content): string {
  if ('failure' in content) return content.failure;
  return createHash('sha256').update(content.bytes).digest('hex');
}

function everyTwoSeconds(work: () => Promise<void>): () => void {
  const timer = setInterval(() => void work(), POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
