import { TrustError } from '@sigstead/trust';
import { readBounded, WatchedFile, type FileContent, type Repeat } from '@sigstead/watched-file';
import { TrustAccessError } from './errors.ts';
import {
  readTrustRoot,
  type NamedTrustRoot,
  type TrustLog,
  type TrustRootStatus,
  type TrustSource,
} from './trust-source.ts';

const MAX_BYTES = 4 * 1024 * 1024;

export interface FileSourceOptions {
  readonly clock: () => Date;
  readonly log: TrustLog;
  /** For looks at the file; every 2 seconds unless told. */
  readonly repeat?: Repeat | undefined;
}

/** A trusted root in a file, read again when it changes. A file that cannot be used keeps the last good one. */
export class FileSource implements TrustSource {
  readonly #name: string;
  readonly #file: string;
  readonly #options: FileSourceOptions;
  readonly #watch: WatchedFile;
  #root: NamedTrustRoot;
  #since: Date;
  #fault: TrustRootStatus['fault'];

  /** @throws TrustAccessError CONFIG when the file cannot be used: at the start there is no last good one */
  static async open(name: string, file: string, options: FileSourceOptions): Promise<FileSource> {
    return new FileSource(name, file, options, await readBounded(file, MAX_BYTES));
  }

  private constructor(name: string, file: string, options: FileSourceOptions, content: FileContent) {
    this.#name = name;
    this.#file = file;
    this.#options = options;
    this.#root = this.#read(content);
    this.#since = options.clock();
    const { repeat } = options;
    this.#watch = new WatchedFile(file, content, {
      maxBytes: MAX_BYTES,
      onChange: (changed) => this.#take(changed),
      repeat,
    });
  }

  current(): NamedTrustRoot {
    return this.#root;
  }

  status(): TrustRootStatus {
    return {
      name: this.#name,
      usable: true,
      origin: 'file',
      since: this.#since,
      expires: undefined,
      fault: this.#fault,
    };
  }

  async refresh(): Promise<void> {
    this.#take(await readBounded(this.#file, MAX_BYTES));
  }

  async close(): Promise<void> {
    await this.#watch.close();
  }

  #take(content: FileContent): void {
    const { clock, log } = this.#options;
    const fields = { root: this.#name, file: this.#file };
    try {
      const root = this.#read(content);
      const isNew = root.digest !== this.#root.digest;
      if (isNew) this.#root = root;
      this.#since = clock();
      this.#fault = undefined;
      if (isNew) log.info('trusted root read anew', fields);
    } catch (error) {
      // Whatever it is: nobody waits for this, and the last good root is there.
      const reason =
        error instanceof TrustAccessError ? error.message : 'it cannot be read for an unknown reason';
      this.#fault = { reason, since: clock() };
      log.error('trusted root cannot be used, the last good one stays', { ...fields, reason });
    }
  }

  #read(content: FileContent): NamedTrustRoot {
    const where = `trust root ${this.#name}: ${this.#file}`;
    if ('failure' in content) throw new TrustAccessError('CONFIG', `${where}: ${content.failure}`);
    try {
      return readTrustRoot(this.#name, content.bytes);
    } catch (cause) {
      if (!(cause instanceof TrustError)) throw cause;
      throw new TrustAccessError('CONFIG', `${where} is no trusted root: ${cause.message}`, { cause });
    }
  }
}
