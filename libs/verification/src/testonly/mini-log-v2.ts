import type { TransparencyLogEntry } from '@sigstead/bundle';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf, inclusionProof, rootOfLeaves } from '@sigstead/merkle';
import { noteSigner, parseCanonicalBody, signCheckpointNote, type NoteSigner } from '@sigstead/tlog';

/** A Rekor v2 log in memory: no promise, no time, checkpoints as signed notes of its origin. */
export class MiniLogV2 {
  readonly signer: PrivateKeySigner;
  readonly origin: string;
  readonly note: NoteSigner;
  readonly #leaves: Uint8Array[];

  /** @param fillers leaves that are there before the first entry */
  constructor(origin: string, fillers = 5, signer = PrivateKeySigner.generate('P-256')) {
    this.origin = origin;
    this.signer = signer;
    this.note = noteSigner(origin, signer);
    this.#leaves = Array.from({ length: fillers }, (_, at) => hashLeaf(encodeUtf8(`filler ${at}`)));
  }

  /** @param witnesses sign the checkpoint behind the log */
  async add(
    canonicalizedBody: Uint8Array,
    witnesses: readonly NoteSigner[] = [],
  ): Promise<TransparencyLogEntry> {
    const logIndex = BigInt(this.#leaves.push(hashLeaf(canonicalizedBody)) - 1);
    const { kind, apiVersion } = parseCanonicalBody(canonicalizedBody);
    const treeSize = BigInt(this.#leaves.length);
    const rootHash = rootOfLeaves(this.#leaves);
    const hashes = await inclusionProof(logIndex, treeSize, ({ level, index }) => {
      const width = 1 << level;
      return rootOfLeaves(this.#leaves.slice(Number(index) * width, (Number(index) + 1) * width));
    });
    const checkpoint = await signCheckpointNote(
      { origin: this.origin, size: treeSize, rootHash, extensions: [] },
      [this.note, ...witnesses],
    );
    return {
      logIndex,
      logId: this.note.keyId,
      kind,
      kindVersion: apiVersion,
      integratedTimeSeconds: 0n,
      inclusionProof: { logIndex, rootHash, treeSize, hashes, checkpoint },
      canonicalizedBody,
    };
  }
}
