import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { curveOf } from './curves.ts';
import { assertDigest, sha256 } from './digest.ts';
import { bytesToInteger } from './integers.ts';
import { KeyError } from './key-error.ts';
import { encodeSpki } from './spki.ts';
import { PublicKey } from './public-key.ts';
import type { DigestSigner } from './signer.ts';

const SECRET_SIZE = 32;
/** One draw in 2^32 lies outside the order: two in a row already mean a broken source. */
const MAX_DRAWS = 16;

/**
 * A P-256 key for one signing event. Its bytes live in one Uint8Array that {@link destroy} zeroes, which
 * OpenSSL's keys do not offer; the copies noble computes with are left to the garbage collector, as JavaScript
 * allows nothing better. Nonces are deterministic (RFC 6979), so a weak random source cannot leak the key
 * through them.
 */
export class EphemeralSigner implements DigestSigner {
  readonly publicKey: PublicKey;
  readonly hash = 'sha256';
  readonly #secret: Uint8Array;
  #destroyed = false;

  private constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.publicKey = derivePublicKey(secret);
  }

  /**
   * @param randomBytes cryptographic source, OpenSSL's unless given; what it returns is zeroed
   * @throws KeyError RANDOMNESS when the source gives the wrong length or nothing but unusable numbers
   */
  static generate(randomBytes: (n: number) => Uint8Array = nodeRandomBytes): EphemeralSigner {
    return new EphemeralSigner(drawSecret(randomBytes));
  }

  /**
   * DER ECDSA signature over SHA-256 of the message. s is always in the lower half of the order: most verifiers
   * take either half, but some built on JavaScript and Rust libraries refuse the upper one by default, and none
   * refuses the lower.
   *
   * @throws KeyError KEY_DESTROYED after {@link destroy}
   */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    return this.signDigest(sha256(message));
  }

  /**
   * The same over the message with this SHA-256.
   *
   * @throws KeyError KEY_DESTROYED, ALGORITHM when the digest has not 32 bytes
   */
  async signDigest(digest: Uint8Array): Promise<Uint8Array> {
    if (this.#destroyed) throw new KeyError('KEY_DESTROYED', 'ephemeral key has been destroyed');
    assertDigest(this.hash, digest);
    return p256.sign(digest, this.#secret, {
      prehash: false,
      lowS: true,
      extraEntropy: false,
      format: 'der',
    });
  }

  /** Zeroes the key bytes. Idempotent. */
  destroy(): void {
    this.#secret.fill(0);
    this.#destroyed = true;
  }
}

/** A uniform number in [1, n - 1] by rejection (FIPS 186-5 appendix A.2.2). */
function drawSecret(randomBytes: (n: number) => Uint8Array): Uint8Array {
  const { n } = curveOf('P-256');
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const bytes = randomBytes(SECRET_SIZE);
    if (bytes.length !== SECRET_SIZE) {
      throw new KeyError('RANDOMNESS', `random source gave ${bytes.length} bytes, want ${SECRET_SIZE}`);
    }
    const secret = Uint8Array.from(bytes);
    bytes.fill(0);
    const value = bytesToInteger(secret);
    if (value > 0n && value < n) return secret;
    secret.fill(0);
  }
  throw new KeyError('RANDOMNESS', `random source gave ${MAX_DRAWS} numbers outside the order of P-256`);
}

function derivePublicKey(secret: Uint8Array): PublicKey {
  const { x, y } = p256.Point.fromBytes(p256.getPublicKey(secret, false)).toAffine();
  return PublicKey.fromSpki(encodeSpki({ type: 'P-256', x, y }));
}
