import { assertDigest, digest as digestOf } from './digest.ts';
import { signEd25519Digest } from './ed25519-prehashed.ts';
import { KeyError } from './key-error.ts';
import type { PrivateKeySigner } from './private-key-signer.ts';
import type { PublicKey } from './public-key.ts';
import type { DigestSigner } from './signer.ts';

/** Of PKCS#8 for Ed25519 without attributes (RFC 8410 section 7): the seed is its end. */
const PKCS8_SIZE = 48;
const SEED_SIZE = 32;

/**
 * Ed25519ph (RFC 8032 section 5.1) with a long-lived key: what cosign signs with when the key is Ed25519, since `hashedrekord`
 * entries hold nothing but a digest. OpenSSL 3.0 offers it nowhere. The seed lives in one Uint8Array that {@link destroy} zeroes.
 */
export class Ed25519PrehashedSigner implements DigestSigner {
  readonly publicKey: PublicKey;
  readonly hash = 'sha512';
  readonly #seed: Uint8Array;
  #destroyed = false;

  /** @throws KeyError KEY_UNSUPPORTED for another type of key */
  constructor(signer: PrivateKeySigner) {
    this.publicKey = signer.publicKey;
    const pkcs8 = signer.toPkcs8();
    try {
      if (signer.publicKey.type !== 'Ed25519' || pkcs8.length !== PKCS8_SIZE) {
        throw new KeyError('KEY_UNSUPPORTED', `Ed25519ph with a key of type ${signer.publicKey.type}`);
      }
      this.#seed = Uint8Array.from(pkcs8.subarray(PKCS8_SIZE - SEED_SIZE));
    } finally {
      pkcs8.fill(0);
    }
  }

  /** @throws KeyError KEY_DESTROYED after {@link destroy} */
  sign(message: Uint8Array): Promise<Uint8Array> {
    return this.signDigest(digestOf(this.hash, message));
  }

  async signDigest(digest: Uint8Array): Promise<Uint8Array> {
    if (this.#destroyed) throw new KeyError('KEY_DESTROYED', 'the key has been destroyed');
    assertDigest(this.hash, digest);
    return signEd25519Digest(this.#seed, digest);
  }

  /** Zeroes the key bytes. Idempotent. */
  destroy(): void {
    this.#seed.fill(0);
    this.#destroyed = true;
  }
}
