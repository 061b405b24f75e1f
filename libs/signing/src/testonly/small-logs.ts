import { PrivateKeySigner, sha256, type Signer } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import {
  admitEntry,
  admitRekorV2Entry,
  buildEntryPolicy,
  noteSigner,
  rekorEntryId,
  rekorOrigin,
  signCheckpoint,
  signCheckpointNote,
  signSignedEntryTimestamp,
  transparencyLogEntryJson,
} from '@sigstead/tlog';
import type { TransparencyLogInstance } from '@sigstead/trust';

const LIMITS = { maxBytes: 8 << 20, maxDepth: 64 };
const POLICY = buildEntryPolicy({});
const TREE_ID = 42n;
export const HOST = '127.0.0.1';
/** A Rekor v2 log has a name of its own, which nothing dials. */
export const V2_ORIGIN = 'log2026.sigstead.test';

/** Every entry is the second leaf of a tree of its own: a proof of one hash. */
const SIBLING = sha256(encodeUtf8('first leaf'));

function treeOf(leaf: Uint8Array): { leafHash: Uint8Array; rootHash: Uint8Array } {
  const leafHash = sha256(Uint8Array.of(0), leaf);
  return { leafHash, rootHash: sha256(Uint8Array.of(1), SIBLING, leafHash) };
}

/** A Rekor v1 log that admits what ours admits. */
export class SmallRekorV1 {
  readonly signer: Signer = PrivateKeySigner.generate('P-256');
  readonly instance = logInstance(this.signer, `http://${HOST}`);

  /** @returns answer of the API: the entry under its ID */
  async create(body: string, now: Date): Promise<{ uuid: string; entry: object }> {
    const leaf = admitEntry(encodeUtf8(body), LIMITS, POLICY).canonicalBody;
    const { leafHash, rootHash } = treeOf(leaf);
    const payload = {
      body: encodeBase64(leaf),
      integratedTime: Math.floor(now.getTime() / 1000) + 1,
      logId: encodeHex(this.signer.publicKey.keyId),
      logIndex: 1001,
    };
    const checkpoint = { origin: rekorOrigin(HOST, TREE_ID), size: 2n, rootHash, extensions: [] };
    const entry = {
      body: payload.body,
      integratedTime: payload.integratedTime,
      logID: payload.logId,
      logIndex: payload.logIndex,
      verification: {
        signedEntryTimestamp: encodeBase64(await signSignedEntryTimestamp(payload, this.signer)),
        inclusionProof: {
          checkpoint: await signCheckpoint(checkpoint, HOST, this.signer),
          hashes: [encodeHex(SIBLING)],
          logIndex: 1,
          rootHash: encodeHex(rootHash),
          treeSize: 2,
        },
      },
    };
    return { uuid: rekorEntryId(TREE_ID, leafHash), entry };
  }
}

/** A Rekor v2 log. */
export class SmallRekorV2 {
  readonly signer: Signer = PrivateKeySigner.generate('P-256');
  readonly instance: TransparencyLogInstance;
  readonly #origin: string;

  constructor(origin = V2_ORIGIN) {
    this.#origin = origin;
    this.instance = logInstance(this.signer, `https://${origin}`);
  }

  async create(body: string): Promise<object> {
    const { canonicalBody } = admitRekorV2Entry(encodeUtf8(body), LIMITS, POLICY);
    const { rootHash } = treeOf(canonicalBody);
    const signer = noteSigner(this.#origin, this.signer);
    const checkpoint = { origin: this.#origin, size: 2n, rootHash, extensions: [] };
    return transparencyLogEntryJson({
      index: 1n,
      canonicalBody,
      head: { size: 2n, root: rootHash },
      inclusionProof: [SIBLING],
      checkpoint: await signCheckpointNote(checkpoint, [signer]),
      logId: signer.keyId,
    });
  }
}

export function logInstance(signer: Signer, baseUrl: string): TransparencyLogInstance {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    logId: signer.publicKey.keyId,
    key: signer.publicKey,
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    validFor: { start: new Date('2026-01-01T00:00:00Z') },
  };
}
