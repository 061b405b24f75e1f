import type { HashAlgorithm } from './digest.ts';
import type { PublicKey } from './public-key.ts';

/** Something that signs messages: a key in memory, or one behind an interface (KMS, HSM). */
export interface Signer {
  readonly publicKey: PublicKey;
  /**
   * What the message is hashed with: sha256 for P-256 and RSA, sha384 for P-384, sha512 for P-521 and (inside
   * the algorithm) Ed25519.
   */
  readonly hash: HashAlgorithm;
  /** Signature over the message: DER for ECDSA, PKCS#1 v1.5 for RSA, pure Ed25519 unless the signer is for Ed25519ph. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A signer that needs only the digest of what it signs: files of any size, and artifacts that are elsewhere. */
export interface DigestSigner extends Signer {
  /**
   * Signature over the message with this digest, as {@link sign} makes over the message itself.
   *
   * @param digest made with {@link hash}
   * @throws KeyError ALGORITHM for a digest of another length, KEY_UNSUPPORTED for a key that must see the message (Ed25519)
   */
  signDigest(digest: Uint8Array): Promise<Uint8Array>;
}
