import { createHash, type Hash } from 'node:crypto';
import type { Artifact } from '@sigstead/verification';

/** Up to here the content itself is kept, for signatures that cannot be verified over a digest (pure Ed25519). */
const MAX_KEPT_BYTES = 1024 * 1024;

/**
 * Digests of a blob of any size, computed while it passes by: which of them a bundle needs may be known only at the end. The memory it
 * takes does not grow with the blob.
 */
export class BlobDigests {
  readonly #hashes = {
    sha256: createHash('sha256'),
    sha384: createHash('sha384'),
    sha512: createHash('sha512'),
  };
  #kept: Buffer[] | undefined = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  update(chunk: Buffer): void {
    this.#size += chunk.length;
    for (const hash of Object.values<Hash>(this.#hashes)) hash.update(chunk);
    if (this.#size > MAX_KEPT_BYTES) this.#kept = undefined;
    this.#kept?.push(Buffer.from(chunk));
  }

  /** To be asked once, at the end. */
  artifact(): Artifact {
    const { sha256, sha384, sha512 } = this.#hashes;
    return {
      algorithm: 'sha256',
      digest: sha256.digest(),
      further: [
        { algorithm: 'sha384', digest: sha384.digest() },
        { algorithm: 'sha512', digest: sha512.digest() },
      ],
      ...(this.#kept && { content: Buffer.concat(this.#kept) }),
    };
  }
}
