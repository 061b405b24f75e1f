import { encodeHex } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT, hashLeaf } from '@sigstead/merkle';
import { runSql } from './postgres.ts';
import { unframeEntries } from '../storage/chunk-framing.ts';

/** How the entries of a kind of log are read. */
export interface EntryReader {
  leafHash(entry: Uint8Array): Uint8Array;
  text(entry: Uint8Array): string;
}

/** The entry is the leaf. */
export const asStored: EntryReader = { leafHash: hashLeaf, text: (entry) => Buffer.from(entry).toString() };

export interface Audit {
  readonly size: number;
  readonly root: string;
  /** Their texts. */
  readonly entries: readonly string[];
  readonly leafHashes: readonly Uint8Array[];
  readonly timestampsMs: readonly bigint[];
}

/**
 * Recomputes a log from its stored entries alone, by the slowest way there is, and throws at the first thing that does not fit:
 * places without gaps, leaf hashes, every stored tree head, every full tile and no other, frontier, identities, places of the leaves of a
 * CT log, the log's row.
 */
export async function auditLog(url: string, name: string, reader = asStored): Promise<Audit> {
  const log = (await runSql(url, `SELECT * FROM tlog.log WHERE name = '${name}'`))[0] as Record<
    string,
    unknown
  >;
  const ofLog = `WHERE log_id = ${String(log['id'])}`;
  const chunks = await runSql(url, `SELECT * FROM tlog.chunk ${ofLog} ORDER BY first_index`);
  const range = CompactRange.empty();
  const nodes = new Map<string, string>();
  const roots = new Map<string, string>([['0', encodeHex(EMPTY_ROOT)]]);
  const entries: string[] = [];
  const leafHashes: Uint8Array[] = [];
  const timestampsMs: bigint[] = [];
  for (const chunk of chunks) {
    equal(chunk['first_index'], String(entries.length), 'place of a chunk');
    const stored = unframeEntries(chunk['entries'] as Buffer, chunk['n'] as number);
    const hashes = chunk['leaf_hashes'] as Buffer;
    stored.forEach((entry, i) => {
      const leafHash = reader.leafHash(entry);
      equal(
        encodeHex(hashes.subarray(32 * i, 32 * i + 32)),
        encodeHex(leafHash),
        `leaf hash ${entries.length}`,
      );
      range.append(leafHash, (level, index, hash) => nodes.set(`${level}:${index}`, encodeHex(hash)));
      roots.set(range.size.toString(), encodeHex(range.root()));
      entries.push(reader.text(entry));
      leafHashes.push(leafHash);
      timestampsMs.push(BigInt(chunk['timestamp_ms'] as string));
    });
  }
  equal(log['size'], range.size.toString(), 'size');
  equal(encodeHex(log['root'] as Buffer), encodeHex(range.size === 0n ? EMPTY_ROOT : range.root()), 'root');
  equal(encodeHex(log['frontier'] as Buffer), range.hashes.map(encodeHex).join(''), 'frontier');
  for (const head of await runSql(url, `SELECT * FROM tlog.tree_head ${ofLog}`)) {
    equal(
      encodeHex(head['root'] as Buffer),
      roots.get(String(head['size'])),
      `tree head ${String(head['size'])}`,
    );
  }
  await auditTiles(url, ofLog, range.size, nodes);
  if (log['kind'] === 'ct') await auditLeafHashes(url, ofLog, leafHashes);
  const identities = await runSql(
    url,
    `SELECT count(*) AS n, count(DISTINCT idx) AS places FROM tlog.ident ${ofLog}`,
  );
  equal(identities[0]?.['n'], range.size.toString(), 'number of identities');
  equal(identities[0]?.['places'], range.size.toString(), 'places of identities');
  return { size: entries.length, root: encodeHex(log['root'] as Buffer), entries, leafHashes, timestampsMs };
}

async function auditLeafHashes(url: string, ofLog: string, leafHashes: readonly Uint8Array[]): Promise<void> {
  const rows = await runSql(url, `SELECT hash FROM tlog.leaf_hash ${ofLog} ORDER BY idx`);
  equal(
    rows.map((row) => encodeHex(row['hash'] as Buffer)).join(' '),
    leafHashes.map(encodeHex).join(' '),
    'places of the leaves',
  );
}

async function auditTiles(
  url: string,
  ofLog: string,
  size: bigint,
  nodes: ReadonlyMap<string, string>,
): Promise<void> {
  const tiles = await runSql(url, `SELECT * FROM tlog.tile ${ofLog}`);
  let expected = 0n;
  for (let full = size >> 8n; full > 0n; full >>= 8n) expected += full;
  equal(BigInt(tiles.length), expected, 'number of full tiles');
  for (const tile of tiles) {
    const level = Number(tile['level']);
    const n = BigInt(tile['n'] as string);
    const hashes = Array.from({ length: 256 }, (_, i) => nodes.get(`${8 * level}:${n * 256n + BigInt(i)}`));
    equal(encodeHex(tile['data'] as Buffer), hashes.join(''), `tile ${level}/${n}`);
    equal(
      encodeHex(tile['root'] as Buffer),
      nodes.get(`${8 * (level + 1)}:${n}`),
      `root of tile ${level}/${n}`,
    );
  }
}

function equal(got: unknown, want: unknown, what: string): void {
  if (got !== want) throw new Error(`${what} is ${String(got)}, want ${String(want)}`);
}
