import { sha256, type PublicKey } from '@sigstead/crypto';
import { decodeBase64, encodeBase64, TlsReader } from '@sigstead/encoding';
import type { Precertificates } from '@sigstead/instance';
import { hashLeaf, verifyConsistency, verifyInclusion } from '@sigstead/merkle';
import {
  ctTileFormat,
  encodeMerkleTreeLeaf,
  noteKeyOf,
  parseDataTile,
  parseLeafIndex,
  verifyCheckpointNote,
  verifyTreeHead,
  type NoteKey,
} from '@sigstead/tlog';
import {
  precertificateTbs,
  verifyPrecertificateSct,
  type Certificate,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';
import { bodyOf, unexpected, type Answer, type Ask } from './ask.ts';
import type { Acknowledged, Face, Head, Place, Proposal } from './face.ts';
import type { Ledger } from './ledger.ts';
import { readTiles } from './read-tiles.ts';

/** RFC 6962 section 4.1. */
interface AddChainAnswer {
  readonly id: string;
  readonly timestamp: number;
  readonly extensions: string;
  readonly signature: string;
}

/** RFC 6962 section 4.3. */
interface SignedTreeHead {
  readonly tree_size: number;
  readonly timestamp: number;
  readonly sha256_root_hash: string;
  readonly tree_head_signature: string;
}

/** A certificate-transparency log: submissions and proofs of RFC 6962, the read side of static-ct-api. */
export class CtFace implements Face {
  readonly #key: NoteKey;
  readonly #precertificates: Precertificates;
  #headsRead = 0;

  /** @param precertificates of an authority whose root the log knows */
  constructor(origin: string, key: PublicKey, precertificates: Precertificates) {
    this.#key = noteKeyOf('rfc6962', origin, key);
    this.#precertificates = precertificates;
  }

  async propose(): Promise<Proposal> {
    const precertificate = await this.#precertificates.issue();
    return {
      path: '/ct/v1/add-pre-chain',
      body: this.#precertificates.requestFor(precertificate),
      read: async (answer) => this.#readAnswer(precertificate, answer),
    };
  }

  /** As signed tree head and as checkpoint by turns. */
  async head(ask: Ask): Promise<Head | undefined> {
    if (this.#headsRead++ % 2 === 0) {
      const note = bodyOf(await ask('/checkpoint'), 'the checkpoint');
      return note && verifyCheckpointNote(note.toString(), this.#key);
    }
    const body = bodyOf(await ask('/ct/v1/get-sth'), 'get-sth');
    if (body === undefined) return undefined;
    const sth = JSON.parse(body.toString()) as SignedTreeHead;
    const timestampMs = BigInt(sth.timestamp);
    const head = { timestampMs, size: BigInt(sth.tree_size), rootHash: decodeBase64(sth.sha256_root_hash) };
    if (!verifyTreeHead(head, decodeBase64(sth.tree_head_signature), this.#key.key))
      throw new Error(`the signature of the tree head of size ${head.size} does not verify`);
    return head;
  }

  async verifyConsistency(ask: Ask, from: Head, to: Head): Promise<void> {
    const path = `/ct/v1/get-sth-consistency?first=${from.size}&second=${to.size}`;
    const body = bodyOf(await ask(path), 'a consistency proof');
    if (body === undefined) return;
    const { consistency } = JSON.parse(body.toString()) as { readonly consistency: readonly string[] };
    verifyConsistency(from.size, to.size, consistency.map(decodeBase64), from.rootHash, to.rootHash);
  }

  readTree(asks: readonly Ask[], head: Head, ledger: Ledger): Promise<void> {
    return readTiles(asks, head, { format: ctTileFormat({ risingTimes: true }), identitiesOf }, ledger);
  }

  async verifyAgain(ask: Ask, { index, leafHash }: Place, head: Head): Promise<void> {
    const hash = encodeURIComponent(encodeBase64(leafHash));
    const path = `/ct/v1/get-proof-by-hash?hash=${hash}&tree_size=${head.size}`;
    const body = bodyOf(await ask(path), `the proof of entry ${index}`);
    if (body === undefined) throw new Error(`the proof of entry ${index} cannot be read`);
    const proof = JSON.parse(body.toString()) as { leaf_index: number; audit_path: readonly string[] };
    if (proof.leaf_index !== index)
      throw new Error(`the proof of entry ${index} is for index ${proof.leaf_index}`);
    verifyInclusion(BigInt(index), head.size, leafHash, proof.audit_path.map(decodeBase64), head.rootHash);
  }

  #readAnswer(precertificate: Certificate, answer: Answer): Acknowledged {
    if (answer.status !== 200) throw unexpected(answer, 'a sound precertificate');
    const { issuer } = this.#precertificates;
    const sct = readSct(JSON.parse(answer.body.toString()) as AddChainAnswer);
    verifyPrecertificateSct(precertificate, issuer, sct, this.#key.key);
    const { timestampMs, extensions } = sct;
    const index = parseLeafIndex(extensions);
    if (index === undefined) throw new Error('an SCT without a leaf index');
    const tbsCertificate = precertificateTbs(precertificate, 'precertificate');
    const signedEntry = { type: 'precertificate', issuerKeyHash: issuer.spkiHash, tbsCertificate } as const;
    const leafHash = hashLeaf(encodeMerkleTreeLeaf({ timestampMs, extensions, signedEntry }));
    const identity = sha256(precertificate.raw);
    return { index: Number(index), leafHash, identity, isNew: undefined, head: undefined };
  }
}

function readSct({ id, timestamp, extensions, signature }: AddChainAnswer): SignedCertificateTimestamp {
  const signed = new TlsReader(decodeBase64(signature));
  const [hashAlgorithm, signatureAlgorithm, bytes] = [signed.u8(), signed.u8(), signed.vector16()];
  signed.end();
  return {
    version: 0,
    logId: decodeBase64(id),
    timestampMs: BigInt(timestamp),
    extensions: decodeBase64(extensions),
    hashAlgorithm,
    signatureAlgorithm,
    signature: bytes,
  };
}

function identitiesOf(dataTile: Uint8Array): readonly Uint8Array[] {
  return parseDataTile(dataTile).map(({ precertificate, signedEntry }) =>
    sha256(signedEntry.type === 'x509' ? signedEntry.certificate : (precertificate ?? new Uint8Array())),
  );
}
