import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import type { ArtifactSignature } from '@sigstead/instance';
import { randomBytes } from 'node:crypto';

const KEYS = 16;

/** Signatures of artifacts that nobody has seen, by a few P-256 keys. */
export class ArtifactSignatures {
  readonly #signers = Array.from({ length: KEYS }, () => PrivateKeySigner.generate('P-256'));
  #made = 0;

  async next(): Promise<ArtifactSignature> {
    const signer = this.#signers[this.#made++ % KEYS] as PrivateKeySigner;
    const artifact = randomBytes(32);
    return {
      digest: sha256(artifact),
      signature: await signer.sign(artifact),
      publicKey: signer.publicKey,
    };
  }
}
