import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LogError } from '../errors.ts';
import type { Anchor, AnchoredHead, TreeHead } from './anchor.ts';
import { formatAnchorFile, parseAnchorFile } from './anchor-file.ts';

const VERSION = /^[0-9]{20}$/;
const PENDING = /^pending-[0-9a-f]{32}$/;
const KEPT_FILES = 64;

/**
 * A register made of a directory: every value is a file named by its sequence number, the highest number is the value. link(2)
 * gives a name exactly once, so two processes that swap at the same moment cannot both win. No locks: nothing has to be cleared
 * after a crash. Needs a file system with atomic link (local ones, NFSv4).
 */
export class FileAnchor implements Anchor {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Uses the directory, making it when absent. */
  static async open(directory: string): Promise<FileAnchor> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await syncDirectory(dirname(directory));
    } catch (cause) {
      throw new LogError('UNAVAILABLE', 'the directory of the anchor cannot be made', { cause });
    }
    return new FileAnchor(directory);
  }

  async read(): Promise<AnchoredHead | undefined> {
    // A listed file can be gone again when 64 newer ones were written meanwhile: then the list is stale, not the register.
    for (let attempt = 0; attempt < 8; attempt++) {
      const version = (await this.#versions()).at(-1);
      if (version === undefined) return undefined;
      const text = await this.#readVersion(version);
      if (text !== undefined) return { version, ...parseAnchorFile(text, version) };
    }
    throw new LogError('UNAVAILABLE', 'the anchor changes faster than it can be read');
  }

  async compareAndSwap(expected: string | undefined, next: TreeHead): Promise<boolean> {
    if ((await this.#versions()).at(-1) !== expected) return false;
    const version = nextVersion(expected);
    const pending = join(this.#directory, `pending-${randomBytes(16).toString('hex')}`);
    try {
      // A crash from here to the link leaves a pending file, which no reader looks at: the old value stands.
      await writeDurably(pending, formatAnchorFile(next));
      // The link is the swap. A crash right after it leaves the new value, whole since its bytes were synced before. After a power
      // loss the name may be gone again and the old value stands: the database is then ahead, as after a crash before the swap.
      if (!(await linkOnce(pending, join(this.#directory, version)))) return false;
      // A crash before this returns: as above. After it the new value stays.
      await syncDirectory(this.#directory);
    } catch (cause) {
      if (cause instanceof LogError) throw cause;
      throw new LogError('UNAVAILABLE', 'the anchor cannot be written', { cause });
    } finally {
      // A crash before this leaves a pending file, or a second name of the value; neither is ever read.
      await unlink(pending).catch(() => undefined);
    }
    // A writer that slept long enough finds its number free again because pruning removed the file that had it. Its link then
    // succeeds far below the present value, and is none.
    const versions = await this.#versions();
    if (versions.at(-1) !== version) return false;
    // Only now: pruning before the link could remove the very value that the link is to be compared with. A crash in the middle
    // leaves more old files than needed, which the next swap removes.
    for (const old of versions.slice(0, -KEPT_FILES))
      await unlink(join(this.#directory, old)).catch(() => undefined);
    return true;
  }

  /** Sequence numbers present, ascending. Anything that is not ours in the directory makes the register untrustworthy. */
  async #versions(): Promise<string[]> {
    let names: string[];
    try {
      names = await readdir(this.#directory);
    } catch (cause) {
      throw new LogError('UNAVAILABLE', 'the directory of the anchor cannot be listed', { cause });
    }
    const versions = names.filter((name) => VERSION.test(name));
    const strange = names.find((name) => !VERSION.test(name) && !PENDING.test(name));
    if (strange !== undefined) {
      throw new LogError(
        'ANCHOR',
        `the directory of the anchor holds a foreign file ${JSON.stringify(strange)}`,
      );
    }
    return versions.sort();
  }

  async #readVersion(version: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#directory, version), 'utf8');
    } catch (cause) {
      if (isErrno(cause, 'ENOENT')) return undefined;
      throw new LogError('UNAVAILABLE', `anchor file ${version} cannot be read`, { cause });
    }
  }
}

function nextVersion(version: string | undefined): string {
  return (version === undefined ? 1n : BigInt(version) + 1n).toString().padStart(20, '0');
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @returns false when the name is taken */
async function linkOnce(existing: string, name: string): Promise<boolean> {
  try {
    await link(existing, name);
    return true;
  } catch (cause) {
    if (isErrno(cause, 'EEXIST')) return false;
    throw cause;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
