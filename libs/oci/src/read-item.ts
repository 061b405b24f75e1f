import { OciError, type OciErrorCode } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';

/** What is wrong with one item of a list itself. Other failures are the registry's, and concern all of them. */
const UNREADABLE: readonly OciErrorCode[] = ['NOT_FOUND', 'DIGEST_MISMATCH', 'TOO_LARGE', 'MALFORMED'];

/**
 * Reads one item of a list that others may add to: whoever may add one must not be able to hide the rest behind one that
 * cannot be read, so such an item stays in the list as its error.
 */
export async function readItem<T>(read: () => Promise<T>): Promise<T | OciError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OciError && UNREADABLE.includes(error.code)) return error;
    throw error;
  }
}

/** The same for several, in the order of the list. Errors that are in the list already stay in their places. */
export function readItems<T, R>(
  items: readonly (T | OciError)[],
  read: (item: T) => Promise<R>,
): Promise<(R | OciError)[]> {
  return inParallel(items, async (item) => (item instanceof OciError ? item : readItem(() => read(item))));
}

/** The blob of a descriptor, no more and no less than it announces. @throws OciError */
export async function readDescribedBlob(
  client: RegistryClient,
  ref: ImageReference,
  { digest, size }: Descriptor,
): Promise<Uint8Array> {
  const bytes = await client.getBlob(ref, digest, size);
  assertSize(bytes, size, `blob ${digest} at ${ref.registry}`);
  return bytes;
}

/** The manifest of a descriptor, no more and no less than it announces. @throws OciError */
export async function readDescribedManifest(
  client: RegistryClient,
  ref: ImageReference,
  { digest, size }: Descriptor,
): Promise<Manifest> {
  const manifest = await client.getManifest(ref, digest, size);
  assertSize(manifest.bytes, size, `manifest ${digest} at ${ref.registry}`);
  return manifest;
}

function assertSize({ length }: Uint8Array, size: number, what: string): void {
  if (length !== size)
    throw new OciError('MALFORMED', `${what} has ${length} bytes, its descriptor says ${size}`);
}

/** Takes what descriptors announce from a number of bytes, before anything is fetched. */
export class Budget {
  #left: number;

  constructor(
    private readonly total: number,
    /** What the bytes are of, for messages: `signatures at registry`. */
    private readonly what: string,
  ) {
    this.#left = total;
  }

  /** The descriptor when there is room for it, else why not. */
  take(item: Descriptor | OciError, maxBytes: number): Descriptor | OciError {
    if (item instanceof OciError) return item;
    const { digest, size } = item;
    if (size > maxBytes)
      return new OciError('TOO_LARGE', `${digest} of ${this.what} has ${size} bytes, at most ${maxBytes}`);
    if (size > this.#left)
      return new OciError('TOO_LARGE', `${this.what} have more than ${this.total} bytes together`);
    this.#left -= size;
    return item;
  }
}
