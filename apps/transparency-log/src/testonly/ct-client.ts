import { createHash, verify } from 'node:crypto';
import type { PublicKey } from '@sigstead/crypto';
import type { SignedTreeHeadJson } from '../ct/tree-heads.ts';

/** What get-entries gives of one leaf, read by hand from RFC 6962 sections 3.4 and 4.6. */
export interface ReadLeaf {
  readonly timestamp: number;
  readonly type: 'x509' | 'precertificate';
  /** The certificate, or the TBSCertificate of a precertificate. */
  readonly signed: Buffer;
  readonly issuerKeyHash: Buffer | undefined;
  readonly extensions: Buffer;
  readonly precertificate: Buffer | undefined;
  readonly chain: readonly Buffer[];
  readonly leafHash: Buffer;
}

/** A reader that shares no code with the log. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  number(width: number): number {
    this.#at += width;
    return this.#bytes.readUIntBE(this.#at - width, width);
  }

  take(length: number): Buffer {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('cut short');
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}

export function readLeaf({ leaf_input, extra_data }: { leaf_input: string; extra_data: string }): ReadLeaf {
  const input = Buffer.from(leaf_input, 'base64');
  const leaf = new Cursor(input);
  if (leaf.number(2) !== 0) throw new Error('not a timestamped entry of version 1');
  const timestamp = leaf.number(2) * 2 ** 48 + leaf.number(6);
  const type = leaf.number(2) === 1 ? 'precertificate' : 'x509';
  const issuerKeyHash = type === 'x509' ? undefined : leaf.take(32);
  const signed = leaf.take(leaf.number(3));
  const extensions = leaf.take(leaf.number(2));
  const extra = new Cursor(Buffer.from(extra_data, 'base64'));
  const precertificate = type === 'x509' ? undefined : extra.take(extra.number(3));
  const certificates = new Cursor(extra.take(extra.number(3)));
  const chain: Buffer[] = [];
  while (!certificates.done) chain.push(certificates.take(certificates.number(3)));
  if (!leaf.done || !extra.done) throw new Error('trailing bytes');
  const leafHash = hash(Buffer.of(0), input);
  return { timestamp, type, signed, issuerKeyHash, extensions, precertificate, chain, leafHash };
}

/** Whether OpenSSL takes the signature of a signed tree head, whose bytes are put together here. */
export function verifySth(sth: SignedTreeHeadJson, key: PublicKey): boolean {
  const fixed = Buffer.alloc(18);
  fixed.writeUInt16BE(1, 0);
  fixed.writeBigUInt64BE(BigInt(sth.timestamp), 2);
  fixed.writeBigUInt64BE(BigInt(sth.tree_size), 10);
  const signed = Buffer.from(sth.tree_head_signature, 'base64');
  if (signed.readUInt16BE(0) !== 0x0403 || signed.readUInt16BE(2) !== signed.length - 4) return false;
  const message = Buffer.concat([fixed, Buffer.from(sth.sha256_root_hash, 'base64')]);
  return verify('sha256', message, key.keyObject, signed.subarray(4));
}

/** Root that an audit path leads to, by the recursion of RFC 6962 section 2.1.1. */
export function rootOfPath(index: number, size: number, leafHash: Buffer, path: readonly string[]): Buffer {
  if (size === 1) {
    if (path.length > 0) throw new Error('the path is too long');
    return leafHash;
  }
  const last = Buffer.from(path.at(-1) ?? '', 'base64');
  const split = largestPowerBelow(size);
  return index < split
    ? hash(Buffer.of(1), rootOfPath(index, split, leafHash, path.slice(0, -1)), last)
    : hash(Buffer.of(1), last, rootOfPath(index - split, size - split, leafHash, path.slice(0, -1)));
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

function hash(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}
