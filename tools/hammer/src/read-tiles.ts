import { verifyTileLog, type EntryFormat } from '@sigstead/tiles';
import { bodyOf, type Ask } from './ask.ts';
import type { Head, Place } from './face.ts';
import type { Ledger } from './ledger.ts';

/** Entries of a kind of log, and what they are known by. */
export interface TileEntries {
  readonly format: EntryFormat;
  /** Of the entries of a bundle, in their order; their leaf hashes unless told. */
  readonly identitiesOf?: (bundle: Uint8Array) => readonly Uint8Array[];
}

/** Reads and verifies all that a tile log serves at that head, through one replica after the other. */
export async function readTiles(
  asks: readonly Ask[],
  head: Head,
  { format, identitiesOf }: TileEntries,
  ledger: Ledger,
): Promise<void> {
  const record = (places: readonly Place[]): void => places.forEach((place) => ledger.record(place));
  let asked = 0;
  const { discrepancies } = await verifyTileLog({
    head,
    format: {
      ...format,
      read: (bundle, first, width) => {
        const reading = format.read(bundle, first, width);
        const identities = identitiesOf?.(bundle) ?? reading.leafHashes;
        record(
          reading.leafHashes.map((leafHash, i) => ({
            index: Number(first) + i,
            leafHash,
            identity: identities[i] as Uint8Array,
          })),
        );
        return reading;
      },
    },
    fetchResource: async (path) => {
      const answer = await (asks[asked++ % asks.length] as Ask)(`/${path}`);
      if (answer?.status === 404) return undefined;
      const body = bodyOf(answer, path);
      if (body === undefined) throw new Error(`${path} cannot be read`);
      return body;
    },
  });
  for (const { path, message } of discrepancies) ledger.violate(`${path} ${message}`);
}
