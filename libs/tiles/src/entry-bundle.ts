import { concatBytes, EncodingError, TlsReader, tlsU16 } from '@sigstead/encoding';
import { TilesError } from './errors.ts';
import { TILE_WIDTH } from './tile-width.ts';

/** Bytes of the longest entry a bundle can hold: its length is a uint16. */
export const MAX_BUNDLE_ENTRY = 65_535;

/** Bytes of the longest bundle there can be. */
export const MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_BUNDLE_ENTRY);

/**
 * Entries as a bundle (C2SP tlog-tiles): of each its length as big-endian uint16, then its bytes.
 *
 * @param entries 0 to 256, each of at most 65,535 bytes
 * @throws TilesError LIMIT
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH) {
    throw new TilesError('LIMIT', `bundle of ${entries.length} entries, at most ${TILE_WIDTH} fit`);
  }
  return concatBytes(
    ...entries.flatMap((entry, i) => {
      if (entry.length > MAX_BUNDLE_ENTRY) {
        throw new TilesError(
          'LIMIT',
          `entry ${i} of a bundle has ${entry.length} bytes, at most ${MAX_BUNDLE_ENTRY} fit`,
        );
      }
      return [tlsU16(entry.length), entry];
    }),
  );
}

/**
 * The entries of a bundle in order, as views of its bytes.
 *
 * @param width how many there must be, 0 to 256
 * @throws TilesError BUNDLE on any other number, on a cut entry or bytes left over
 */
export function parseEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const reader = new TlsReader(bytes);
  const entries: Uint8Array[] = [];
  try {
    while (entries.length < width) entries.push(reader.vector16());
    reader.end();
    return entries;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TilesError(
      'BUNDLE',
      `bundle of ${bytes.length} bytes after ${entries.length} of ${width} entries: ${cause.message}`,
      { cause },
    );
  }
}
