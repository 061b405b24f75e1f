import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestFile, type ContentDigest } from './content-digest.ts';
import { RegistryError } from './registry-error.ts';

/**
 * Content-addressed files: `blobs/<algorithm>/<hex>`. A file gets its final name only when it is complete, on disk and
 * of that digest, so whatever has a name can be served; a crash leaves nameless files in `uploads/` at most.
 */
export class BlobStore {
  readonly #blobs: string;
  readonly #temporary: string;

  private constructor(directory: string) {
    this.#blobs = join(directory, 'blobs');
    this.#temporary = join(directory, 'uploads');
  }

  /** Opens the store and clears what interrupted uploads left behind. */
  static async open(directory: string): Promise<BlobStore> {
    const store = new BlobStore(directory);
    await rm(store.#temporary, { recursive: true, force: true });
    await mkdir(store.#temporary, { recursive: true });
    await mkdir(join(store.#blobs, 'sha256'), { recursive: true });
    await mkdir(join(store.#blobs, 'sha512'), { recursive: true });
    return store;
  }

  path(digest: ContentDigest): string {
    return join(this.#blobs, digest.algorithm, digest.hex);
  }

  /** An empty file to be filled and then given to {@link adopt}. */
  async temporaryFile(): Promise<string> {
    const path = join(this.#temporary, randomUUID());
    await (await open(path, 'wx')).close();
    return path;
  }

  /** Bytes of the blob, undefined when there is none. */
  async size(digest: ContentDigest): Promise<number | undefined> {
    return unlessMissing(async () => (await stat(this.path(digest))).size);
  }

  async read(digest: ContentDigest): Promise<Uint8Array | undefined> {
    return unlessMissing(() => readFile(this.path(digest)));
  }

  /**
   * Makes a complete temporary file a blob.
   *
   * @throws RegistryError DIGEST_INVALID when its content has another digest; the file is left as it is
   */
  async adopt(temporary: string, digest: ContentDigest): Promise<void> {
    const got = await digestFile(digest.algorithm, temporary);
    if (got !== digest.hex) {
      throw new RegistryError(
        'DIGEST_INVALID',
        `content has digest ${digest.algorithm}:${got}, want ${digest.text}`,
      );
    }
    await syncFile(temporary);
    await rename(temporary, this.path(digest));
  }

  /** Stores bytes whose digest the caller has just computed. */
  async put(digest: ContentDigest, bytes: Uint8Array): Promise<void> {
    const temporary = await this.temporaryFile();
    await writeNew(temporary, bytes, 'w');
    await rename(temporary, this.path(digest));
  }

  /** Writes a small file so that readers see all of it or none. */
  async replace(path: string, content: string): Promise<void> {
    const temporary = join(this.#temporary, randomUUID());
    await writeNew(temporary, Buffer.from(content), 'wx');
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
  }
}

/** The result, or undefined when the file it needs does not exist. */
export async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function writeNew(path: string, bytes: Uint8Array, flags: 'w' | 'wx'): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
