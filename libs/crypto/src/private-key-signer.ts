import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signSync } from 'node:crypto';
import { promisify } from 'node:util';
import { DerReader } from '@sigstead/encoding';
import { curveOf } from './curves.ts';
import { assertDigest, type HashAlgorithm } from './digest.ts';
import { encryptPkcs8 } from './encrypted-pkcs8.ts';
import { defaultHash } from './key-details.ts';
import { KeyError } from './key-error.ts';
import type { KeyType } from './key-parameters.ts';
import { PublicKey } from './public-key.ts';
import { isEcParameters } from './key-parameters.ts';
import { signRsaDigest } from './rsa-digest.ts';
import type { DigestSigner } from './signer.ts';

const signInPool = promisify(signSync);
/** Signing with these takes tens of microseconds: the way through the thread pool would cost more. */
const SIGNS_AT_ONCE: ReadonlySet<KeyType> = new Set(['P-256', 'Ed25519']);

/** A long-lived key in memory, held by OpenSSL. Private key files are the operator's own and trusted as such. */
export class PrivateKeySigner implements DigestSigner {
  readonly publicKey: PublicKey;
  readonly hash: HashAlgorithm;
  readonly #privateKey: KeyObject;

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    // Our own public half takes the same gate as anybody's.
    this.publicKey = PublicKey.fromSpki(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
    this.hash = defaultHash(this.publicKey.type);
  }

  /**
   * A new key from OpenSSL's generator; RSA has the exponent 65537.
   *
   * @param rsaModulusBits 2048 unless given
   */
  static generate(type: KeyType, rsaModulusBits = 2048): PrivateKeySigner {
    return new PrivateKeySigner(generatePrivateKey(type, rsaModulusBits));
  }

  /**
   * @param der PrivateKeyInfo (RFC 5958); the caller's to overwrite
   * @throws KeyError KEY_MALFORMED, and what the key gate refuses
   */
  static fromPkcs8(der: Uint8Array): PrivateKeySigner {
    return new PrivateKeySigner(openPkcs8(der));
  }

  /**
   * @param pem one private key: PKCS#8 plain or encrypted, or the older SEC 1 and PKCS#1 forms
   * @param passphrase for an encrypted key
   * @throws KeyError KEY_ENCRYPTED when the passphrase is missing or wrong, KEY_MALFORMED, and what the key gate
   *   refuses
   */
  static fromPem(pem: string, passphrase?: string): PrivateKeySigner {
    return new PrivateKeySigner(openPrivateKey(pem, passphrase));
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    const algorithm = this.publicKey.type === 'Ed25519' ? null : this.hash;
    const key = { key: this.#privateKey, dsaEncoding: 'der' } as const;
    const signature = SIGNS_AT_ONCE.has(this.publicKey.type)
      ? signSync(algorithm, message, key)
      : await signInPool(algorithm, message, key);
    return new Uint8Array(signature.buffer, signature.byteOffset, signature.length);
  }

  /** DER PrivateKeyInfo: the key in the clear. Whoever asks for it overwrites it with zeros after use. */
  toPkcs8(): Uint8Array {
    const der = this.#privateKey.export({ format: 'der', type: 'pkcs8' });
    return new Uint8Array(der.buffer, der.byteOffset, der.length);
  }

  /**
   * For ECDSA the key leaves OpenSSL for a moment, which cannot sign a digest: its bytes are zeroed afterwards.
   *
   * @throws KeyError ALGORITHM, KEY_UNSUPPORTED for Ed25519
   */
  async signDigest(digest: Uint8Array): Promise<Uint8Array> {
    assertDigest(this.hash, digest);
    const { parameters } = this.publicKey;
    if (parameters.type === 'RSA') return signRsaDigest(parameters, this.#privateKey, this.hash, digest);
    if (!isEcParameters(parameters))
      throw new KeyError('KEY_UNSUPPORTED', 'an Ed25519 key signs messages, not digests');
    const exported = this.#privateKey.export({ format: 'der', type: 'sec1' });
    try {
      const { noble } = curveOf(parameters.type);
      const options = { prehash: false, lowS: true, extraEntropy: false, format: 'der' } as const;
      return noble.sign(digest, ecSecret(exported), options);
    } finally {
      exported.fill(0);
    }
  }

  /**
   * `ENCRYPTED PRIVATE KEY` PEM, scrypt and AES-256-CBC; `openssl pkey` reads it.
   *
   * @param passphrase not empty
   * @throws KeyError KEY_ENCRYPTED when the passphrase is empty
   */
  toEncryptedPem(passphrase: string): string {
    return encryptPkcs8(this.toPkcs8(), passphrase);
  }
}

/** ECPrivateKey ::= SEQUENCE { version INTEGER, privateKey OCTET STRING, ... } (RFC 5915), a view into the bytes given. */
function ecSecret(sec1: Uint8Array): Uint8Array {
  const fields = new DerReader(sec1).sequence();
  fields.integerBytes();
  return fields.octetString();
}

function generatePrivateKey(type: KeyType, rsaModulusBits: number): KeyObject {
  if (type === 'RSA')
    return generateKeyPairSync('rsa', { modulusLength: rsaModulusBits, publicExponent: 65537 }).privateKey;
  if (type === 'Ed25519') return generateKeyPairSync('ed25519').privateKey;
  return generateKeyPairSync('ec', { namedCurve: curveOf(type).opensslName }).privateKey;
}

function openPkcs8(der: Uint8Array): KeyObject {
  try {
    const key = Buffer.from(der.buffer, der.byteOffset, der.length);
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new KeyError('KEY_MALFORMED', 'no PKCS#8 private key', { cause });
  }
}

function openPrivateKey(pem: string, passphrase: string | undefined): KeyObject {
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem);
  if (encrypted && passphrase === undefined)
    throw new KeyError('KEY_ENCRYPTED', 'private key is encrypted, want a passphrase');
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    if (encrypted) throw new KeyError('KEY_ENCRYPTED', 'passphrase does not open the private key', { cause });
    throw new KeyError('KEY_MALFORMED', 'no private key in PEM', { cause });
  }
}
