import { PrivateKeySigner } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { hashLeaf, inclusionProof, rootOfLeaves, type NodeId } from '@sigstead/merkle';
import { encodeEntryBundle, parseTilePath, TILE_WIDTH } from '@sigstead/tiles';
import {
  admitRekorV2Entry,
  DEFAULT_ENTRY_POLICY,
  noteSigner,
  signCheckpointNote,
  transparencyLogEntryJson,
  type TransparencyLogEntryJson,
} from '@sigstead/tlog';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { askAt, type Ask } from '../ask.ts';

export const ORIGIN = 'log.example';
const LIMITS = { maxBytes: 65_536, maxDepth: 16 };

/** A Rekor v2 log that keeps its entries in memory and may be told to lie. */
export class MadeLog {
  readonly signer = PrivateKeySigner.generate('P-256');
  readonly entries: Uint8Array[] = [];
  /** Takes an entry that it has once more. */
  repeats = false;
  readonly #noteSigner = noteSigner(ORIGIN, this.signer);
  readonly #server = createServer((request, response) => {
    void this.#answer(request).then(
      ({ status, body }) => response.writeHead(status).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async ask(): Promise<Ask> {
    return askAt(await this.listen());
  }

  /** The entry under a tree of the first so many. */
  async prove(index: number, size = this.entries.length): Promise<TransparencyLogEntryJson> {
    const leaves = this.entries.slice(0, size).map(hashLeaf);
    const node = ({ level, index: at }: NodeId): Uint8Array => {
      const width = 2 ** Number(level);
      return rootOfLeaves(leaves.slice(Number(at) * width, (Number(at) + 1) * width));
    };
    return transparencyLogEntryJson({
      index: BigInt(index),
      canonicalBody: this.entries[index] as Uint8Array,
      head: { size: BigInt(size), root: rootOfLeaves(leaves) },
      inclusionProof: await inclusionProof(BigInt(index), BigInt(size), node),
      checkpoint: await this.checkpoint(size),
      logId: this.#noteSigner.keyId,
    });
  }

  checkpoint(size = this.entries.length): Promise<string> {
    const rootHash = rootOfLeaves(this.entries.slice(0, size).map(hashLeaf));
    const head = { origin: ORIGIN, size: BigInt(size), rootHash, extensions: [] };
    return signCheckpointNote(head, [this.#noteSigner]);
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: string | Uint8Array }> {
    const url = request.url ?? '';
    if (request.method === 'POST') return { status: 201, body: await this.#create(await text(request)) };
    if (url === '/checkpoint') return { status: 200, body: await this.checkpoint() };
    const index = /^\/api\/v2\/log\/entries\?logIndex=(\d+)$/.exec(url)?.[1];
    if (index !== undefined) return { status: 200, body: JSON.stringify(await this.prove(Number(index))) };
    const tile = this.#tile(url.slice(1));
    return tile === undefined ? { status: 404, body: 'not there' } : { status: 200, body: tile };
  }

  async #create(body: string): Promise<string> {
    const { canonicalBody } = admitRekorV2Entry(Buffer.from(body), LIMITS, DEFAULT_ENTRY_POLICY);
    let index = this.entries.findIndex((entry) => equalBytes(entry, canonicalBody));
    if (index < 0 || this.repeats) index = this.entries.push(canonicalBody) - 1;
    return JSON.stringify(await this.prove(index));
  }

  #tile(path: string): Uint8Array | undefined {
    const tile = parseTilePath(path);
    if (tile === undefined) return undefined;
    const { level, width } = tile;
    const first = Number(tile.n) * TILE_WIDTH;
    if (level === 'entries') return encodeEntryBundle(this.entries.slice(first, first + width));
    const leaves = this.entries.map(hashLeaf);
    const under = TILE_WIDTH ** Number(level);
    const hashes = Array.from({ length: width }, (_, i) =>
      rootOfLeaves(leaves.slice((first + i) * under, (first + i + 1) * under)),
    );
    return Buffer.concat(hashes);
  }
}
