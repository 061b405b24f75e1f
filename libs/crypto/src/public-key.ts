import type { KeyObject } from 'node:crypto';
import { EncodingError, decodePem, encodePem } from '@sigstead/encoding';
import { sha256 } from './digest.ts';
import { bitLength } from './integers.ts';
import { importPublicKey } from './import-key.ts';
import { parseJwk } from './jwk.ts';
import { KeyError } from './key-error.ts';
import type { KeyParameters, KeyType } from './key-parameters.ts';
import { assertSoundKey } from './sound-key.ts';
import { encodeSpki, parseRsaPublicKey, parseSpki } from './spki.ts';

/** The longest key we accept has about 1,500 characters of PEM. */
const MAX_PEM_CHARACTERS = 8192;

/**
 * A public key that has passed the gate. There is no other way to make one, and nothing else in this project
 * hands a foreign key to node:crypto, which only ever sees our own encoding of numbers we have checked.
 */
export class PublicKey {
  /** The numbers of the key. */
  readonly parameters: KeyParameters;
  /** The canonical DER SubjectPublicKeyInfo. Shared: do not write to it. */
  readonly spki: Uint8Array;
  #keyId: Uint8Array | undefined;
  #keyObject: KeyObject | undefined;

  private constructor(parameters: KeyParameters) {
    assertSoundKey(parameters);
    this.parameters = Object.freeze(parameters);
    this.spki = encodeSpki(parameters);
  }

  /**
   * @param der DER SubjectPublicKeyInfo: EC on a named curve with an uncompressed point, RSA of 2048 to 8192
   *   bits with an odd exponent from 65537 to 2^31 - 1, or Ed25519
   * @throws KeyError KEY_MALFORMED, KEY_UNSUPPORTED, KEY_NOT_ON_CURVE, KEY_WEAK
   */
  static fromSpki(der: Uint8Array): PublicKey {
    return new PublicKey(parseSpki(der));
  }

  /**
   * @param text one PEM block, `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1)
   * @throws KeyError KEY_MALFORMED, KEY_UNSUPPORTED, KEY_NOT_ON_CURVE, KEY_WEAK, KEY_PRIVATE
   */
  static fromPem(text: string): PublicKey {
    const { label, bytes } = decodeBlock(text);
    if (label === 'PUBLIC KEY') return new PublicKey(parseSpki(bytes));
    if (label === 'RSA PUBLIC KEY') return new PublicKey(parseRsaPublicKey(bytes));
    if (label.endsWith('PRIVATE KEY'))
      throw new KeyError('KEY_PRIVATE', `PEM block ${label}, want PUBLIC KEY`);
    throw new KeyError('KEY_MALFORMED', `PEM block ${label}, want PUBLIC KEY or RSA PUBLIC KEY`);
  }

  /**
   * @param jwk `kty` EC, RSA or OKP, public members only
   * @throws KeyError KEY_MALFORMED, KEY_UNSUPPORTED, KEY_NOT_ON_CURVE, KEY_WEAK, KEY_PRIVATE
   */
  static fromJwk(jwk: Readonly<Record<string, unknown>>): PublicKey {
    return new PublicKey(parseJwk(jwk));
  }

  get type(): KeyType {
    return this.parameters.type;
  }

  /** Size of the modulus; undefined when the key is not RSA. */
  get rsaModulusBits(): number | undefined {
    return this.parameters.type === 'RSA' ? bitLength(this.parameters.n) : undefined;
  }

  /**
   * SHA-256 of the SPKI, 32 bytes: log ID, trusted root key ID (RFC 6962 section 3.2). Shared: do not write to it.
   */
  get keyId(): Uint8Array {
    return (this.#keyId ??= sha256(this.spki));
  }

  /** For node:crypto; made at first use, then kept, since the import costs as much as a verification. */
  get keyObject(): KeyObject {
    return (this.#keyObject ??= importPublicKey(this.parameters));
  }

  /** `PUBLIC KEY` PEM, 64 columns, final line feed. */
  toPem(): string {
    return encodePem('PUBLIC KEY', this.spki);
  }
}

function decodeBlock(text: string): { label: string; bytes: Uint8Array } {
  if (text.length > MAX_PEM_CHARACTERS) {
    throw new KeyError(
      'KEY_MALFORMED',
      `PEM of ${text.length} characters, want at most ${MAX_PEM_CHARACTERS}`,
    );
  }
  try {
    const [block] = decodePem(text, { maxBlocks: 1 });
    if (block !== undefined) return block;
  } catch (cause) {
    if (cause instanceof EncodingError)
      throw new KeyError('KEY_MALFORMED', `public key: ${cause.message}`, { cause });
    throw cause;
  }
  throw new KeyError('KEY_MALFORMED', 'no PEM block');
}
