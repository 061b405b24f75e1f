import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { concatBytes, encodeUtf8 } from '@sigstead/encoding';
import { CompactRange, hashLeaf } from '@sigstead/merkle';
import { encodeEntryBundle, formatTilePath, tilesOf, type EntryLevel } from '@sigstead/tiles';
import {
  encodeDataTileEntry,
  encodeMerkleTreeLeaf,
  issuerPath,
  leafIndexExtension,
  noteSigner,
  rfc6962NoteSigner,
  signCheckpointNote,
  type DataTileEntry,
  type NoteSigner,
} from '@sigstead/tlog';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const ORIGIN = 'log.example';
export const ISSUER = encodeUtf8('DER of an issuer');
export const CT_TIME = 1_700_000_000_000n;

/** Every resource of a log by path, and the key of its checkpoint. */
export interface MadeLog {
  readonly resources: Map<string, Uint8Array>;
  readonly signer: PrivateKeySigner;
}

/** A log of entry bundles. */
export function makeTlog(
  entries: readonly Uint8Array[],
  signer = PrivateKeySigner.generate('Ed25519'),
): Promise<MadeLog> {
  const rows = {
    leafHashes: entries.map(hashLeaf),
    entries,
    level: 'entries',
    encode: encodeEntryBundle,
  } as const;
  return makeLog(rows, signer, noteSigner(ORIGIN, signer));
}

/** Entries that look like those of Rekor v2. */
export function rekorV2Entries(size: number): Uint8Array[] {
  return Array.from({ length: size }, (_, i) =>
    encodeUtf8(`{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"n":${i}}}`),
  );
}

/** A certificate-transparency log: its entries one millisecond apart, its head as new as it must be unless told. */
export async function makeCtLog(size: number, headTimestampMs = CT_TIME + BigInt(size)): Promise<MadeLog> {
  const signer = PrivateKeySigner.generate('P-256');
  const entries = Array.from({ length: size }, (_, i): DataTileEntry => ({
    timestampMs: CT_TIME + BigInt(i),
    signedEntry: { type: 'x509', certificate: encodeUtf8(`certificate ${i}`) },
    extensions: leafIndexExtension(BigInt(i)),
    chainFingerprints: [sha256(ISSUER)],
  }));
  const rows = {
    leafHashes: entries.map((entry) => hashLeaf(encodeMerkleTreeLeaf(entry))),
    entries: entries.map(encodeDataTileEntry),
    level: 'data',
    encode: (tile: readonly Uint8Array[]) => concatBytes(...tile),
  } as const;
  const log = await makeLog(rows, signer, rfc6962NoteSigner(ORIGIN, signer, headTimestampMs));
  log.resources.set(issuerPath(sha256(ISSUER)), ISSUER);
  return log;
}

export async function writeLog({ resources }: MadeLog, directory: string): Promise<void> {
  for (const [path, bytes] of resources) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

interface Rows {
  readonly leafHashes: readonly Uint8Array[];
  readonly entries: readonly Uint8Array[];
  readonly level: EntryLevel;
  readonly encode: (entries: readonly Uint8Array[]) => Uint8Array;
}

async function makeLog(rows: Rows, signer: PrivateKeySigner, noteSigner: NoteSigner): Promise<MadeLog> {
  const nodes = new Map<string, Uint8Array>();
  const range = CompactRange.empty();
  for (const leafHash of rows.leafHashes)
    range.append(leafHash, (level, index, hash) => nodes.set(`${level}:${index}`, hash));
  const resources = new Map<string, Uint8Array>();
  for (const tile of tilesOf(range.size)) {
    const first = Number(tile.n) * 256;
    const hashes = Array.from(
      { length: tile.width },
      (_, i) => nodes.get(`${8 * Number(tile.level)}:${first + i}`) as Uint8Array,
    );
    resources.set(formatTilePath(tile), concatBytes(...hashes));
    if (tile.level !== 0) continue;
    const bundle = rows.encode(rows.entries.slice(first, first + tile.width));
    resources.set(formatTilePath({ ...tile, level: rows.level }), bundle);
  }
  const checkpoint = { origin: ORIGIN, size: range.size, rootHash: range.root(), extensions: [] };
  resources.set('checkpoint', encodeUtf8(await signCheckpointNote(checkpoint, [noteSigner])));
  return { resources, signer };
}
