import { EMPTY_ROOT, hashChildren, hashLeaf } from '@sigstead/merkle';
import { encodeEntryBundle } from '../entry-bundle.ts';
import { formatTilePath } from '../tile-path.ts';

/** All resources of a log by path, as a web server has them. */
export interface ServedLog {
  readonly size: bigint;
  readonly rootHash: Uint8Array;
  readonly resources: Map<string, Uint8Array>;
}

const WIDTH = 256;

/** A log made the slow, obvious way: every level is written down whole and cut into tiles. */
export function serveLog(entries: readonly Uint8Array[]): ServedLog {
  const resources = new Map<string, Uint8Array>();
  const cut = <T>(row: readonly T[], level: number | 'entries', encode: (part: T[]) => Uint8Array): void => {
    for (let n = 0; n * WIDTH < row.length; n++) {
      const part = row.slice(n * WIDTH, (n + 1) * WIDTH);
      resources.set(formatTilePath({ level, n: BigInt(n), width: part.length }), encode(part));
    }
  };
  cut(entries, 'entries', encodeEntryBundle);
  const leafHashes = entries.map(hashLeaf);
  for (let row = leafHashes, level = 0; row.length > 0; level++) {
    cut(row, level, (part) => Uint8Array.from(Buffer.concat(part)));
    row = Array.from({ length: Math.floor(row.length / WIDTH) }, (_, n) =>
      treeHash(row.slice(n * WIDTH, (n + 1) * WIDTH)),
    );
  }
  return { size: BigInt(entries.length), rootHash: treeHash(leafHashes), resources };
}

/** RFC 6962 section 2.1 as it stands there. */
function treeHash(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length <= 1) return hashes[0] ?? EMPTY_ROOT;
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  return hashChildren(treeHash(hashes.slice(0, k)), treeHash(hashes.slice(k)));
}
