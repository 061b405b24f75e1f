import type { DerElement } from '@sigstead/encoding';
import {
  DerReader,
  EncodingError,
  concatBytes,
  derBitString,
  derInteger,
  derNull,
  derOid,
  derSequence,
  tags,
} from '@sigstead/encoding';
import type { Curve, CurveName } from './curves.ts';
import { curveOf, findCurve } from './curves.ts';
import { bitLength, bytesToInteger, integerToBytes, readUnsigned } from './integers.ts';
import { KeyError } from './key-error.ts';
import type { EcParameters, KeyParameters, RsaParameters } from './key-parameters.ts';
import { isEcParameters } from './key-parameters.ts';

const ID_EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const ID_ED25519 = '1.3.101.112';

const EC_ALGORITHM: Readonly<Record<CurveName, Uint8Array>> = {
  'P-256': ecAlgorithm('P-256'),
  'P-384': ecAlgorithm('P-384'),
  'P-521': ecAlgorithm('P-521'),
};
const RSA_ALGORITHM = derSequence(derOid(RSA_ENCRYPTION), derNull());
const ED25519_ALGORITHM = derSequence(derOid(ID_ED25519));

/** An 8192-bit RSA key takes 1,062 bytes; nothing we accept is longer. */
const MAX_KEY_BYTES = 2048;
const UNCOMPRESSED = 0x04;

/**
 * Reads the structure, not the numbers: {@link assertSoundKey} must follow.
 *
 * ```asn1
 * SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }   -- RFC 5280 section 4.1
 * AlgorithmIdentifier  ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }
 * ```
 *
 * @param der DER, nothing after it
 * @throws KeyError KEY_MALFORMED, KEY_UNSUPPORTED
 */
export function parseSpki(der: Uint8Array): KeyParameters {
  return readKey(der, (reader) => {
    const spki = reader.sequence();
    const algorithm = spki.sequence();
    const key = spki.bitString();
    spki.end();
    const oid = algorithm.oid();
    const parameters = algorithm.done ? undefined : algorithm.element();
    algorithm.end();
    if (key.unused !== 0)
      throw new KeyError('KEY_MALFORMED', `public key with ${key.unused} unused bits, want 0`);
    switch (oid) {
      case ID_EC_PUBLIC_KEY:
        return parsePoint(namedCurve(parameters), key.bytes);
      case RSA_ENCRYPTION:
        assertNull(parameters);
        return parseRsaPublicKey(key.bytes);
      case ID_ED25519:
        // RFC 8410 section 3: the parameters MUST be absent.
        if (parameters !== undefined)
          throw new KeyError('KEY_MALFORMED', 'Ed25519 key with algorithm parameters');
        return { type: 'Ed25519', point: key.bytes.slice() };
      default:
        throw new KeyError('KEY_UNSUPPORTED', `key algorithm ${oid}, want EC, RSA or Ed25519`);
    }
  });
}

/**
 * PKCS#1 form of an RSA key (RFC 8017 appendix A.1.1): `SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
 *
 * @throws KeyError KEY_MALFORMED
 */
export function parseRsaPublicKey(der: Uint8Array): RsaParameters {
  return readKey(der, (reader) => {
    const key = reader.sequence();
    const n = positiveInteger(key, 'modulus');
    const e = positiveInteger(key, 'public exponent');
    key.end();
    return { type: 'RSA', n, e };
  });
}

/** The one DER encoding of a key, freshly made from its numbers. */
export function encodeSpki(parameters: KeyParameters): Uint8Array {
  if (isEcParameters(parameters)) {
    return derSequence(EC_ALGORITHM[parameters.type], derBitString(encodePoint(parameters)));
  }
  if (parameters.type === 'RSA') {
    const key = derSequence(encodeInteger(parameters.n), encodeInteger(parameters.e));
    return derSequence(RSA_ALGORITHM, derBitString(key));
  }
  return derSequence(ED25519_ALGORITHM, derBitString(parameters.point));
}

function ecAlgorithm(name: CurveName): Uint8Array {
  return derSequence(derOid(ID_EC_PUBLIC_KEY), derOid(curveOf(name).oid));
}

function encodeInteger(value: bigint): Uint8Array {
  return derInteger(integerToBytes(value, Math.ceil(bitLength(value) / 8)));
}

function encodePoint({ type, x, y }: EcParameters): Uint8Array {
  const { size } = curveOf(type);
  return concatBytes(Uint8Array.of(UNCOMPRESSED), integerToBytes(x, size), integerToBytes(y, size));
}

// RFC 5480 section 2.1.1: namedCurve only. Explicit parameters let a stranger choose generator and order
// (CVE-2020-0601).
function namedCurve(parameters: DerElement | undefined): Curve {
  if (parameters === undefined) throw new KeyError('KEY_MALFORMED', 'EC key without a curve');
  if (parameters.tag !== tags.objectIdentifier) {
    throw new KeyError(
      'KEY_UNSUPPORTED',
      'EC key with explicit or inherited curve parameters, want a named curve',
    );
  }
  const oid = new DerReader(parameters.raw).oid();
  const curve = findCurve((candidate) => candidate.oid === oid);
  if (curve === undefined) throw new KeyError('KEY_UNSUPPORTED', `curve ${oid}, want P-256, P-384 or P-521`);
  return curve;
}

function parsePoint(curve: Curve, bytes: Uint8Array): EcParameters {
  if (bytes[0] !== UNCOMPRESSED) throw new KeyError('KEY_UNSUPPORTED', pointForm(bytes[0]));
  const want = 1 + 2 * curve.size;
  if (bytes.length !== want) {
    throw new KeyError('KEY_MALFORMED', `${curve.name} point of ${bytes.length} bytes, want ${want}`);
  }
  return {
    type: curve.name,
    x: bytesToInteger(bytes.subarray(1, 1 + curve.size)),
    y: bytesToInteger(bytes.subarray(1 + curve.size)),
  };
}

/** SEC 1 section 2.3.4 tells the forms apart by the first octet. */
function pointForm(first: number | undefined): string {
  if (first === 0x00) return 'point at infinity';
  if (first === 0x02 || first === 0x03) return 'compressed point, want an uncompressed one';
  if (first === 0x06 || first === 0x07) return 'hybrid point, want an uncompressed one';
  return 'point in an unknown form, want an uncompressed one';
}

function assertNull(parameters: DerElement | undefined): void {
  // RFC 3279 section 2.3.1: the parameters MUST be NULL.
  if (parameters?.tag !== tags.null || parameters.content.length !== 0) {
    throw new KeyError('KEY_MALFORMED', 'RSA key whose algorithm parameters are not NULL');
  }
}

function positiveInteger(reader: DerReader, name: string): bigint {
  const value = readUnsigned(reader);
  if (value === 0n) throw new KeyError('KEY_MALFORMED', `RSA ${name} is not positive`);
  return value;
}

function readKey<T>(der: Uint8Array, read: (reader: DerReader) => T): T {
  if (der.length > MAX_KEY_BYTES) {
    throw new KeyError('KEY_MALFORMED', `public key of ${der.length} bytes, want at most ${MAX_KEY_BYTES}`);
  }
  try {
    const reader = new DerReader(der);
    const key = read(reader);
    reader.end();
    return key;
  } catch (cause) {
    if (cause instanceof EncodingError)
      throw new KeyError('KEY_MALFORMED', `public key: ${cause.message}`, { cause });
    throw cause;
  }
}
