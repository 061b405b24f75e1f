import { LogError } from '../errors.ts';

const LENGTH_BYTES = 4;

/** Entries of a chunk as stored: n lengths of 4 bytes, big-endian, then the n entries. One entry can be sliced out without the others. */
export function frameEntries(entries: readonly Uint8Array[]): Uint8Array {
  const total = entries.reduce((sum, entry) => sum + entry.length, entries.length * LENGTH_BYTES);
  const framed = new Uint8Array(total);
  const view = new DataView(framed.buffer);
  let offset = entries.length * LENGTH_BYTES;
  entries.forEach((entry, i) => {
    view.setUint32(i * LENGTH_BYTES, entry.length);
    framed.set(entry, offset);
    offset += entry.length;
  });
  return framed;
}

/**
 * Where entry `position` lies in the framed bytes, from the lengths alone.
 *
 * @throws LogError STORAGE when the lengths are fewer than that
 */
export function locateEntry(lengths: Uint8Array, position: number): { offset: number; length: number } {
  if (lengths.length % LENGTH_BYTES !== 0 || (position + 1) * LENGTH_BYTES > lengths.length) {
    throw new LogError(
      'STORAGE',
      `a chunk has ${lengths.length} bytes of lengths, entry ${position} was wanted`,
    );
  }
  const view = new DataView(lengths.buffer, lengths.byteOffset, lengths.length);
  let offset = lengths.length;
  for (let i = 0; i < position; i++) offset += view.getUint32(i * LENGTH_BYTES);
  return { offset, length: view.getUint32(position * LENGTH_BYTES) };
}

/**
 * All entries of a chunk, as views of its bytes.
 *
 * @param n number of entries
 * @throws LogError STORAGE when lengths and bytes do not agree
 */
export function unframeEntries(framed: Uint8Array, n: number): Uint8Array[] {
  const lengths = framed.subarray(0, n * LENGTH_BYTES);
  const entries: Uint8Array[] = [];
  let end = n * LENGTH_BYTES;
  const view = new DataView(framed.buffer, framed.byteOffset, framed.length);
  for (let i = 0; i < n && lengths.length === n * LENGTH_BYTES; i++) {
    const length = view.getUint32(i * LENGTH_BYTES);
    entries.push(framed.subarray(end, end + length));
    end += length;
  }
  if (entries.length !== n || end !== framed.length) {
    throw new LogError(
      'STORAGE',
      `a chunk of ${n} entries has ${framed.length} bytes, its lengths say ${end}`,
    );
  }
  return entries;
}
