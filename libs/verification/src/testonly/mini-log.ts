import type { TransparencyLogEntry } from '@sigstead/bundle';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf, inclusionProof, rootOfLeaves } from '@sigstead/merkle';
import { parseCanonicalBody, rekorOrigin, signCheckpoint, signSignedEntryTimestamp } from '@sigstead/tlog';
import type { InclusionProof } from '../evidence/inclusion-proof.ts';

/** A Rekor v1 log in memory, with real signatures; virtual indexes start at 1000, as after a change of shards. */
export class MiniLog {
  readonly signer = PrivateKeySigner.generate('P-256');
  readonly treeId = 4_242_424_242n;
  readonly hostname: string;
  readonly #leaves: Uint8Array[];

  /** @param fillers leaves that are there before the first entry */
  constructor(hostname: string, fillers = 5) {
    this.hostname = hostname;
    this.#leaves = Array.from({ length: fillers }, (_, at) => hashLeaf(encodeUtf8(`filler ${at}`)));
  }

  /** Adds an entry; it comes back with promise, proof and checkpoint. */
  async add(canonicalizedBody: Uint8Array, at: Date): Promise<TransparencyLogEntry> {
    const index = BigInt(this.#leaves.push(hashLeaf(canonicalizedBody)) - 1);
    const { kind, apiVersion } = parseCanonicalBody(canonicalizedBody);
    const entry = {
      logIndex: 1000n + index,
      logId: this.signer.publicKey.keyId,
      kind,
      kindVersion: apiVersion,
      integratedTimeSeconds: BigInt(Math.floor(at.getTime() / 1000)),
      canonicalizedBody,
    };
    return { ...entry, inclusionPromise: await this.promise(entry), inclusionProof: await this.prove(index) };
  }

  /** A signed entry timestamp over the entry as it is given, true or not. */
  promise(entry: Omit<TransparencyLogEntry, 'inclusionPromise' | 'inclusionProof'>): Promise<Uint8Array> {
    const payload = {
      body: encodeBase64(entry.canonicalizedBody),
      integratedTime: Number(entry.integratedTimeSeconds),
      logId: encodeHex(entry.logId),
      logIndex: Number(entry.logIndex),
    };
    return signSignedEntryTimestamp(payload, this.signer);
  }

  /** Proof for the leaf at that place in the tree as it is now. */
  async prove(logIndex: bigint, origin = rekorOrigin(this.hostname, this.treeId)): Promise<InclusionProof> {
    const treeSize = BigInt(this.#leaves.length);
    const rootHash = rootOfLeaves(this.#leaves);
    const hashes = await inclusionProof(logIndex, treeSize, ({ level, index }) => {
      const width = 1 << level;
      return rootOfLeaves(this.#leaves.slice(Number(index) * width, (Number(index) + 1) * width));
    });
    const checkpoint = await signCheckpoint(
      { origin, size: treeSize, rootHash, extensions: [] },
      this.hostname,
      this.signer,
    );
    return { logIndex, rootHash, treeSize, hashes, checkpoint };
  }
}
