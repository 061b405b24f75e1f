import { createHash, createPublicKey, verify } from 'node:crypto';

/** What the read side of a small tile log has, up to one tile: taken apart here, without anything of ours. */
export interface TileLog {
  readonly origin: string;
  readonly size: number;
  readonly entries: readonly Buffer[];
}

/**
 * Reads checkpoint, entries and hashes below `url`, and compares them: the key's signature, the leaf hashes of the entries, the root.
 *
 * @param spki Ed25519 or ECDSA, DER in base64, as a trusted root has it
 * @throws Error naming what does not fit
 */
export async function readTileLog(url: string, spki: string): Promise<TileLog> {
  const note = (await read(`${url}/checkpoint`)).toString();
  const end = note.indexOf('\n\n') + 1;
  const [origin = '', size = '', root = ''] = note.slice(0, end).split('\n');
  const [, line = ''] = /^— \S+ (\S+)$/mu.exec(note.slice(end)) ?? [];
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  // The first four bytes are the hint of the key.
  const algorithm = key.asymmetricKeyType === 'ec' ? 'sha256' : null;
  if (!verify(algorithm, Buffer.from(note.slice(0, end)), key, Buffer.from(line, 'base64').subarray(4)))
    throw new Error(`${url}: the checkpoint is not signed by the key`);
  const entries = splitBundle(await read(`${url}/tile/entries/000.p/${size}`));
  const hashes = entries.map((entry) => hash(Buffer.from([0]), entry));
  if (!Buffer.concat(hashes).equals(await read(`${url}/tile/0/000.p/${size}`)))
    throw new Error(`${url}: the tile has other hashes than the entries give`);
  if (entries.length !== Number(size) || rootOf(hashes).toString('base64') !== root)
    throw new Error(`${url}: the root is not that of the ${entries.length} entries`);
  return { origin, size: Number(size), entries };
}

async function read(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** C2SP tlog-tiles: each entry behind its length in two bytes. */
function splitBundle(bytes: Buffer): Buffer[] {
  if (bytes.length === 0) return [];
  const end = 2 + bytes.readUInt16BE(0);
  return [bytes.subarray(2, end), ...splitBundle(bytes.subarray(end))];
}

/** RFC 6962 section 2.1, of one hash at least. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  if (hashes.length < 2) return hashes[0] as Buffer;
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return hash(Buffer.from([1]), rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)));
}

function hash(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}
