import { encodeBase64, encodeHex } from '@sigstead/encoding';
import { TILE_WIDTH } from '@sigstead/tiles';
import { encodeExtraData, encodeMerkleTreeLeaf, parseDataTileEntry } from '@sigstead/tlog';
import type { TreeHead } from '../anchor/anchor.ts';
import type { HostedLog } from '../engine/hosted-log.ts';
import { LruCache } from '../engine/lru-cache.ts';
import { LogError } from '../errors.ts';
import type { TileReader } from '../tiles/tile-reader.ts';
import { CtError } from './errors.ts';

/** RFC 6962 section 4.4. */
export interface ConsistencyJson {
  readonly consistency: readonly string[];
}

/** RFC 6962 section 4.5. */
export interface ProofByHashJson {
  readonly leaf_index: number;
  readonly audit_path: readonly string[];
}

/** RFC 6962 section 4.6. */
export interface LeafJson {
  readonly leaf_input: string;
  readonly extra_data: string;
}

/** RFC 6962 section 4.8. */
export interface EntryAndProofJson extends LeafJson {
  readonly audit_path: readonly string[];
}

/** Entries of one get-entries answer at most: they come from one tile. Large ones are cut to this many bytes, one at least. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
const ISSUER_CACHE_BYTES = 4 * 1024 * 1024;
const WIDTH = BigInt(TILE_WIDTH);

/**
 * What RFC 6962 lets anybody ask a log. All of it is about the published tree; a size or an index beyond it is not there, though it
 * may be committed already.
 */
export class CtReader {
  readonly #log: Pick<HostedLog<unknown>, 'publication' | 'reader'>;
  readonly #tiles: TileReader;
  readonly #issuers = new LruCache<Uint8Array>(ISSUER_CACHE_BYTES);

  constructor(log: Pick<HostedLog<unknown>, 'publication' | 'reader'>, tiles: TileReader) {
    this.#log = log;
    this.#tiles = tiles;
  }

  /** @throws CtError REQUEST, LogError REFUSED, UNAVAILABLE */
  async consistency(first: bigint, second: bigint): Promise<ConsistencyJson> {
    if (first > second)
      throw new CtError('REQUEST', `first is ${first} and second ${second}, want first <= second`);
    const { size } = await this.#log.publication.head();
    if (second > size) throw new CtError('REQUEST', `second is ${second}, the tree has ${size} entries`);
    // Nothing is learned of a tree from the empty one, and RFC 6962 has no proof for it.
    const proof = first === 0n ? [] : await this.#log.reader.consistencyProof(first, second);
    return { consistency: proof.map(encodeBase64) };
  }

  /** @throws CtError REQUEST, NOT_FOUND, LogError REFUSED, UNAVAILABLE */
  async proofByHash(hash: Uint8Array, treeSize: bigint): Promise<ProofByHashJson> {
    if (treeSize === 0n) throw new CtError('REQUEST', 'tree_size is 0, want a tree with entries');
    const { size } = await this.#log.publication.head();
    if (treeSize > size)
      throw new CtError('NOT_FOUND', `tree_size is ${treeSize}, the tree has ${size} entries`);
    const index = await this.#log.reader.indexOfLeaf(hash);
    if (index === undefined || index >= treeSize)
      throw new CtError('NOT_FOUND', `no leaf of the tree of ${treeSize} entries has this hash`);
    return { leaf_index: Number(index), audit_path: await this.#auditPath(index, treeSize) };
  }

  /**
   * A page that begins at `start`: at most up to `end`, and never beyond the tile that `start` is in, so that clients who read on
   * read whole tiles.
   *
   * @param end inclusive
   * @throws CtError REQUEST, LogError REFUSED, UNAVAILABLE
   */
  async entries(start: bigint, end: bigint): Promise<{ readonly entries: readonly LeafJson[] }> {
    if (start > end) throw new CtError('REQUEST', `start is ${start} and end ${end}, want start <= end`);
    const head = await this.#log.publication.head();
    if (start >= head.size)
      throw new CtError('REQUEST', `start is ${start}, the tree has ${head.size} entries`);
    return { entries: await this.#leaves(boundPage(await this.#stored(start, end, head))) };
  }

  /** @throws CtError REQUEST, LogError REFUSED, UNAVAILABLE */
  async entryAndProof(index: bigint, treeSize: bigint): Promise<EntryAndProofJson> {
    if (index >= treeSize)
      throw new CtError('REQUEST', `leaf_index is ${index}, want less than tree_size, ${treeSize}`);
    const head = await this.#log.publication.head();
    if (treeSize > head.size)
      throw new CtError('REQUEST', `tree_size is ${treeSize}, the tree has ${head.size} entries`);
    const [leaves, auditPath] = await Promise.all([
      this.#stored(index, index, head).then((stored) => this.#leaves(stored)),
      this.#auditPath(index, treeSize),
    ]);
    return { ...(leaves[0] as LeafJson), audit_path: auditPath };
  }

  /**
   * An issuing certificate in DER that an entry refers to.
   *
   * @param fingerprint its SHA-256
   * @throws CtError NOT_FOUND, LogError UNAVAILABLE
   */
  async issuer(fingerprint: Uint8Array): Promise<Uint8Array> {
    const issuer = (await this.#issuersOf([fingerprint])).get(encodeHex(fingerprint));
    if (issuer === undefined) throw new CtError('NOT_FOUND', 'no entry refers to such an issuer');
    return issuer;
  }

  async #auditPath(index: bigint, treeSize: bigint): Promise<string[]> {
    return (await this.#log.reader.inclusionProof(index, treeSize)).map(encodeBase64);
  }

  /** Entries from `start` to `end` inclusive, or to the end of tile or tree. */
  async #stored(start: bigint, end: bigint, { size }: TreeHead): Promise<readonly Uint8Array[]> {
    const n = start / WIDTH;
    const first = n * WIDTH;
    const past = [end + 1n, first + WIDTH, size].reduce((a, b) => (a < b ? a : b));
    const entries = await this.#tiles.entries(n, Number(past - first));
    if (entries === undefined)
      throw new LogError('STORAGE', `entries ${start} to ${past} were published and cannot be read`);
    return entries.slice(Number(start - first));
  }

  async #leaves(stored: readonly Uint8Array[]): Promise<LeafJson[]> {
    const entries = stored.map(parseDataTileEntry);
    const issuers = await this.#issuersOf(entries.flatMap(({ chainFingerprints }) => chainFingerprints));
    return entries.map((entry) => ({
      leaf_input: encodeBase64(encodeMerkleTreeLeaf(entry)),
      extra_data: encodeBase64(encodeExtraData(entry, (fingerprint) => issuers.get(encodeHex(fingerprint)))),
    }));
  }

  /** Issuers by the hex of their SHA-256, as far as they are there; a few sign all that is in a log. */
  async #issuersOf(fingerprints: readonly Uint8Array[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const wanted = new Map(fingerprints.map((fingerprint) => [encodeHex(fingerprint), fingerprint]));
    const found = new Map<string, Uint8Array>();
    for (const key of wanted.keys()) {
      const known = this.#issuers.get(key);
      if (known !== undefined) found.set(key, known);
    }
    const missing = [...wanted].filter(([key]) => !found.has(key)).map(([, fingerprint]) => fingerprint);
    if (missing.length === 0) return found;
    for (const [key, der] of await this.#log.reader.issuers(missing)) {
      this.#issuers.set(key, der, der.length);
      found.set(key, der);
    }
    return found;
  }
}

function boundPage(stored: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0;
  const past = stored.findIndex((entry) => (bytes += entry.length) > MAX_PAGE_BYTES);
  return past < 0 ? stored : stored.slice(0, Math.max(past, 1));
}
