import { IssuerPool, OidcError, parseIssuerConfiguration, type IssuerPoolOptions } from '@sigstead/oidc';
import { readBounded, WatchedFile, type FileContent, type Repeat } from '@sigstead/watched-file';

/** Where the operator is told; a service's log fits. */
export interface IssuerSourceLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface IssuerSourceOptions extends Omit<IssuerPoolOptions, 'previous'> {
  readonly log: IssuerSourceLog;
  /** Does the work again and again until the returned function is called; every 2 seconds unless told. */
  readonly repeat?: Repeat;
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

/**
 * The issuers of a configuration file that may change while it is in use. A half-written file, which may well be valid YAML,
 * never takes issuers away. A file that cannot be used changes nothing: the last good one stays, and the operator is told once.
 */
export class IssuerSource {
  readonly #file: string;
  readonly #options: IssuerSourceOptions;
  readonly #watch: WatchedFile;
  #pool: IssuerPool;
  #status: IssuerSourceStatus;

  private constructor(file: string, options: IssuerSourceOptions, content: FileContent) {
    this.#file = file;
    this.#options = options;
    this.#pool = this.#poolFrom(content, undefined);
    this.#status = { ...this.#fresh(), reloads: 0 };
    this.#tellIgnored();
    this.#watch = new WatchedFile(file, content, {
      maxBytes: MAX_FILE_BYTES,
      onChange: (changed) => this.#take(changed),
      repeat: options.repeat,
    });
  }

  /** @throws OidcError CONFIG when the file cannot be read or used: at the start there is no last good one */
  static async open(file: string, options: IssuerSourceOptions): Promise<IssuerSource> {
    return new IssuerSource(file, options, await readBounded(file, MAX_FILE_BYTES));
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
    await this.#watch.close();
  }

  #take(content: FileContent): void {
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
  #poolFrom(content: FileContent, previous: IssuerPool | undefined): IssuerPool {
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
