import { describe, expect, it } from '@jest/globals';
import { sha256 } from '@sigstead/crypto';
import { concatBytes, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { CompactRange, hashLeaf } from '@sigstead/merkle';
import { formatTilePath, tilesOf, verifyTileLog, type TileLogReport } from '@sigstead/tiles';
import { encodeDataTileEntry, type DataTileEntry } from './ct-data-tile.ts';
import { encodeMerkleTreeLeaf } from './ct-leaf.ts';
import { ctTileFormat, issuerPath, type CtTileFormatOptions } from './ct-tile-format.ts';
import { leafIndexExtension } from './leaf-index.ts';

const ISSUERS = ['intermediate', 'root'].map(encodeUtf8);

function entry(index: number, changes: Partial<DataTileEntry> = {}): DataTileEntry {
  return {
    timestampMs: BigInt(1000 + index),
    signedEntry: { type: 'x509', certificate: encodeUtf8(`certificate ${index}`) },
    extensions: leafIndexExtension(BigInt(index)),
    chainFingerprints: ISSUERS.map((der) => sha256(der)),
    ...changes,
  };
}

const entriesOf = (size: number): DataTileEntry[] => Array.from({ length: size }, (_, i) => entry(i));

interface Served {
  readonly head: { readonly size: bigint; readonly rootHash: Uint8Array };
  readonly resources: Map<string, Uint8Array>;
}

function serve(entries: readonly DataTileEntry[]): Served {
  const nodes = new Map<string, Uint8Array>();
  const range = CompactRange.empty();
  for (const each of entries)
    range.append(hashLeaf(encodeMerkleTreeLeaf(each)), (level, index, hash) =>
      nodes.set(`${level}:${index}`, hash),
    );
  const resources = new Map<string, Uint8Array>();
  for (const tile of tilesOf(BigInt(entries.length))) {
    const first = Number(tile.n) * 256;
    const hashes = Array.from(
      { length: tile.width },
      (_, i) => nodes.get(`${8 * Number(tile.level)}:${first + i}`) as Uint8Array,
    );
    resources.set(formatTilePath(tile), concatBytes(...hashes));
    if (tile.level !== 0) continue;
    const part = entries.slice(first, first + tile.width).map(encodeDataTileEntry);
    resources.set(formatTilePath({ ...tile, level: 'data' }), concatBytes(...part));
  }
  for (const der of ISSUERS) resources.set(issuerPath(sha256(der)), der);
  return { head: { size: BigInt(entries.length), rootHash: range.root() }, resources };
}

function verify(
  { head, resources }: Served,
  options?: CtTileFormatOptions,
  asked: string[] = [],
): Promise<TileLogReport> {
  return verifyTileLog({
    head,
    format: ctTileFormat(options),
    fetchResource: (path) => {
      asked.push(path);
      return Promise.resolve(resources.get(path));
    },
  });
}

async function discrepancies(served: Served, options?: CtTileFormatOptions): Promise<string[]> {
  const report = await verify(served, options);
  return report.discrepancies.map(({ path, message }) => `${path} ${message}`);
}

describe('a certificate-transparency log', () => {
  it.each([0, 1, 256, 600])('of %s sound entries has no discrepancy, its issuers read once', async (size) => {
    const asked: string[] = [];
    const report = await verify(
      serve(entriesOf(size)),
      { headTimestampMs: BigInt(1000 + size), risingTimes: true },
      asked,
    );
    expect(report).toMatchObject({
      discrepancies: [],
      entries: BigInt(size),
      references: size === 0 ? 0 : 2,
    });
    expect(asked.filter((path) => path.startsWith('issuer/'))).toHaveLength(size === 0 ? 0 : 2);
  });

  it('may have many entries of one time, and precertificates', async () => {
    const precertificate = entry(1, {
      timestampMs: 1000n,
      signedEntry: {
        type: 'precertificate',
        issuerKeyHash: new Uint8Array(32),
        tbsCertificate: encodeUtf8('tbs'),
      },
      precertificate: encodeUtf8('precertificate'),
    });
    expect(
      await discrepancies(serve([entry(0), precertificate]), {
        headTimestampMs: 1000n,
        risingTimes: true,
      }),
    ).toEqual([]);
  });

  it('is broken by an entry that names another index, none or a malformed one', async () => {
    const entries = entriesOf(300);
    entries[258] = entry(258, { extensions: leafIndexExtension(259n) });
    entries[259] = entry(259, { extensions: new Uint8Array(0) });
    entries[260] = entry(260, { extensions: Uint8Array.of(0, 0, 9) });
    expect(await discrepancies(serve(entries))).toEqual([
      'tile/data/001.p/44 entry 258: its extensions name leaf index 259',
      'tile/data/001.p/44 entry 259: its extensions name no leaf index',
      expect.stringMatching(/entry 260: malformed SCT extensions/),
    ]);
  });

  it('is broken by a time that goes back, across tiles as well, where times are to rise', async () => {
    const entries = entriesOf(258);
    entries[256] = entry(256, { timestampMs: 1254n });
    expect(await discrepancies(serve(entries))).toEqual([]);
    expect(await discrepancies(serve(entries), { risingTimes: true })).toEqual([
      'tile/data/001.p/2 entry 256: time 1254 is before 1255, of an entry before it',
    ]);
  });

  it('is broken by an entry newer than the tree head', async () => {
    expect(await discrepancies(serve(entriesOf(3)), { headTimestampMs: 1001n })).toEqual([
      'tile/data/000.p/3 entry 2: time 1002 is after that of the tree head, 1001',
    ]);
  });

  it('is broken by an issuer that is missing or another one', async () => {
    const served = serve(entriesOf(3));
    const [intermediate, root] = ISSUERS.map((der) => issuerPath(sha256(der))) as [string, string];
    served.resources.delete(intermediate);
    served.resources.set(root, encodeUtf8('another'));
    expect(await discrepancies(served)).toEqual([
      `${intermediate} is missing`,
      `${root} has the SHA-256 ${encodeHex(sha256(encodeUtf8('another')))}`,
    ]);
  });

  it('is broken by a data tile that is cut off or has another number of entries', async () => {
    const path = 'tile/data/000.p/3';
    const served = serve(entriesOf(3));
    const tile = served.resources.get(path) as Uint8Array;
    served.resources.set(path, tile.subarray(0, -1));
    expect(await discrepancies(served)).toEqual([
      expect.stringMatching(/^tile\/data\/000\.p\/3 malformed data tile/),
    ]);
    served.resources.set(path, encodeDataTileEntry(entry(0)));
    expect(await discrepancies(served)).toEqual([`${path} data tile of 1 entries, want 3`]);
  });

  it('is broken by a changed certificate', async () => {
    const path = 'tile/data/000.p/1';
    const served = serve(entriesOf(1));
    served.resources.set(
      path,
      encodeDataTileEntry(entry(0, { signedEntry: { type: 'x509', certificate: encodeUtf8('other') } })),
    );
    const found = await discrepancies(served);
    expect(found[0]).toMatch(/^tile\/0\/000\.p\/1 hash 0, of entry 0, is/);
    expect(found[1]).toMatch(/^checkpoint root hash/);
  });
});
