import { X509Error } from '@sigstead/x509';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { SharedRead } from '../engine/shared-read.ts';
import { LogError, messageOf } from '../errors.ts';
import { TrustedRoots } from './trusted-roots.ts';

export interface RootsObserver {
  /** Other roots count from now on. */
  replaced(roots: TrustedRoots): void;
  /** The file cannot be taken up; the roots are those of before, and it is looked at again. */
  failed(error: unknown): void;
}

const POLL_MS = 1_000;
const MAX_BYTES = 256 * 1024;

/**
 * The file with a log's roots, read again whenever it changes: a CA is added, or taken away, without a restart. A file that is broken,
 * or missing for a moment, takes no root away.
 */
export class RootsFile {
  readonly #path: string;
  #roots: TrustedRoots;
  /** Version of the file that was read last, whether it could be taken up or not. */
  #seen: string;
  /** The complaint that was made last. */
  #failed: string | undefined;
  readonly #looking = new SharedRead(() => this.#look());
  #observer: RootsObserver | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(path: string, roots: TrustedRoots, seen: string) {
    this.#path = path;
    this.#roots = roots;
    this.#seen = seen;
  }

  /** @throws LogError CONFIGURATION when the file holds no usable roots */
  static async open(logName: string, path: string): Promise<RootsFile> {
    try {
      return await inspect(
        path,
        async (version, read) => new RootsFile(path, TrustedRoots.fromPem(await read()), version),
      );
    } catch (cause) {
      const reason =
        cause instanceof X509Error ? cause.message : `the file cannot be read: ${messageOf(cause)}`;
      throw new LogError('CONFIGURATION', `roots of log ${logName}: ${reason}`, { cause });
    }
  }

  get roots(): TrustedRoots {
    return this.#roots;
  }

  /** Looks at the file once a second from now on. */
  watch(observer: RootsObserver): void {
    this.#observer = observer;
    this.#timer = setInterval(() => void this.look(), POLL_MS).unref();
  }

  /** Reads the file when it has changed, as it is now or later. Never rejects. @returns whether other roots count than before */
  look(): Promise<boolean> {
    return this.#looking.get();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#observer = undefined;
  }

  async #look(): Promise<boolean> {
    try {
      const roots = await inspect(this.#path, (version, read) => this.#readChanged(version, read));
      if (roots === undefined) return false;
      this.#roots = roots;
      this.#failed = undefined;
      this.#observer?.replaced(roots);
      return true;
    } catch (error) {
      // Once per reason: what is missing stays so for as long as it takes someone to mend it.
      const reason = messageOf(error);
      if (reason !== this.#failed) this.#observer?.failed(error);
      this.#failed = reason;
      return false;
    }
  }

  async #readChanged(version: string, read: () => Promise<string>): Promise<TrustedRoots | undefined> {
    if (version === this.#seen) return undefined;
    const pem = await read();
    // A file that is broken is not read again and again, which whoever submits chains that do not hold could bring about.
    this.#seen = version;
    return TrustedRoots.fromPem(pem);
  }
}

/** The version is from before the file is read: what is written meanwhile makes another one. */
async function inspect<T>(
  path: string,
  work: (version: string, read: () => Promise<string>) => Promise<T>,
): Promise<T> {
  // Without O_NONBLOCK opening a pipe would wait for somebody to write into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await work(await versionOf(file), () => readBounded(file));
  } finally {
    await file.close();
  }
}

async function versionOf(file: FileHandle): Promise<string> {
  const stat = await file.stat();
  if (!stat.isFile()) throw new X509Error('MALFORMED', 'the roots are not in a regular file');
  return `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

async function readBounded(file: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.toString('utf8', 0, length);
    length += bytesRead;
    if (length > MAX_BYTES) throw new X509Error('LIMIT', `roots of more than ${MAX_BYTES} bytes`);
  }
}
