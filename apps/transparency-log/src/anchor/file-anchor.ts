import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readFile, readdir, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LogError } from '../errors.ts';
import type { Anchor, AnchoredHead, TreeHead } from './anchor.ts';
import { formatAnchorFile, parseAnchorFile } from './anchor-file.ts';

const VERSION = /^[0-9]{20}$/;
const PENDING = /^pending-[0-9a-f]{32}$/;
const KEPT_FILES = 64;
/** The bytes are on the disk when the write returns. */
const WRITE_DURABLY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

/** A value as it was read, with what tells that its file is still the same. */
interface KnownValue {
  readonly head: AnchoredHead;
  readonly file: FileIdentity;
}

interface FileIdentity {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * A register made of a directory: every value is a file named by its sequence number, the highest number is the value. link(2)
 * gives a name exactly once, so two processes that swap at the same moment cannot both win. No locks: nothing has to be cleared
 * after a crash. Needs a file system with atomic link (local ones, NFSv4).
 *
 * Old numbers are removed lowest first, so a number that has its file, and the same one as before, while the next has none is still the
 * highest: two looks instead of a listing.
 */
export class FileAnchor implements Anchor {
  readonly #directory: string;
  #known: KnownValue | undefined;

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
    if (this.#known !== undefined && (await this.#isNewest(this.#known))) return this.#known.head;
    // A listed file can be gone again when 64 newer ones were written meanwhile: then the list is stale, not the register.
    for (let attempt = 0; attempt < 8; attempt++) {
      const version = (await this.#versions()).at(-1);
      if (version === undefined) return undefined;
      this.#known = await this.#readVersion(version);
      if (this.#known !== undefined) return this.#known.head;
    }
    throw new LogError('UNAVAILABLE', 'the anchor changes faster than it can be read');
  }

  async compareAndSwap(expected: string | undefined, next: TreeHead): Promise<boolean> {
    if ((await this.read())?.version !== expected) return false;
    const version = nextVersion(expected);
    const pending = join(this.#directory, `pending-${randomBytes(16).toString('hex')}`);
    let old: string[] = [];
    try {
      // A crash from here to the link leaves a pending file, which no reader looks at: the old value stands.
      const file = await writeDurably(pending, formatAnchorFile(next));
      // The link is the swap. A crash right after it leaves the new value, whole since its bytes were synced before. After a power
      // loss the name may be gone again and the old value stands: the database is then ahead, as after a crash before the swap.
      if (!(await linkOnce(pending, this.#path(version)))) return false;
      const [versions] = await Promise.all([
        this.#versions(),
        // A crash before this returns: as above. After it the new value stays.
        syncDirectory(this.#directory),
      ]);
      // A writer that slept long enough finds its number free again because pruning removed the file that had it. Its link then
      // succeeds far below the present value, and is none.
      if (versions.at(-1) !== version) return false;
      old = versions.slice(0, -KEPT_FILES);
      this.#known = { head: { version, size: next.size, root: next.root }, file };
    } catch (cause) {
      if (cause instanceof LogError) throw cause;
      throw new LogError('UNAVAILABLE', 'the anchor cannot be written', { cause });
    } finally {
      // A crash before this leaves a pending file, or a second name of the value; neither is ever read.
      await unlink(pending).catch(() => undefined);
    }
    // Only now: pruning before the link could remove the very value that the link is to be compared with. A crash in the middle
    // leaves more old files than needed, which the next swap removes.
    await this.#prune(old);
    return true;
  }

  async #isNewest({ head, file }: KnownValue): Promise<boolean> {
    const [present, isFollowed] = await Promise.all([
      this.#identify(head.version),
      this.#exists(nextVersion(head.version)),
    ]);
    return (
      !isFollowed &&
      present?.ino === file.ino &&
      present.size === file.size &&
      present.mtimeMs === file.mtimeMs
    );
  }

  async #exists(version: string): Promise<boolean> {
    return (await this.#identify(version)) !== undefined;
  }

  async #identify(version: string): Promise<FileIdentity | undefined> {
    try {
      return await stat(this.#path(version));
    } catch (cause) {
      if (isErrno(cause, 'ENOENT')) return undefined;
      throw new LogError('UNAVAILABLE', `anchor file ${version} cannot be looked at`, { cause });
    }
  }

  /** Lowest first, and no further than the first that stays: a number whose file is there never has a gap right behind it. */
  async #prune(old: readonly string[]): Promise<void> {
    try {
      for (const version of old) await rm(this.#path(version), { force: true });
    } catch {
      // The value stands; the next swap tries again.
    }
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

  async #readVersion(version: string): Promise<KnownValue | undefined> {
    const file = await this.#identify(version);
    if (file === undefined) return undefined;
    let text: string;
    try {
      text = await readFile(this.#path(version), 'utf8');
    } catch (cause) {
      if (isErrno(cause, 'ENOENT')) return undefined;
      throw new LogError('UNAVAILABLE', `anchor file ${version} cannot be read`, { cause });
    }
    return { head: { version, ...parseAnchorFile(text, version) }, file };
  }

  #path(version: string): string {
    return join(this.#directory, version);
  }
}

function nextVersion(version: string | undefined): string {
  return (version === undefined ? 1n : BigInt(version) + 1n).toString().padStart(20, '0');
}

async function writeDurably(path: string, text: string): Promise<FileIdentity> {
  const file = await open(path, WRITE_DURABLY, 0o600);
  try {
    await file.writeFile(text);
    return await file.stat();
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
