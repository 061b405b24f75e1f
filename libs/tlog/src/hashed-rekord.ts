import { type HashAlgorithm } from '@sigstead/crypto';
import {
  canonicalizeJson,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  EncodingError,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { TlogError } from './errors.ts';
import { parseX509Verifier, type X509Verifier } from './x509-verifier.ts';

export const HASHED_REKORD_KIND = 'hashedrekord';
export const HASHED_REKORD_VERSION = '0.0.1';

/** RSA with 16384 bits would need 2048; no scheme admitted here comes near. */
const MAX_SIGNATURE_SIZE = 2048;
/** Base64 of the 128 KiB of PEM that {@link parseX509Verifier} takes. */
const MAX_VERIFIER_LENGTH = 176 * 1024;
const HEX_LENGTHS: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** hashedrekord 0.0.1: a signature over a digest, with the key or certificate that verifies it. */
export interface HashedRekord {
  /** `value` is hex exactly as sent: another case is another leaf. */
  readonly hash: { readonly algorithm: HashAlgorithm; readonly value: string };
  readonly signature: Uint8Array;
  readonly verifier: X509Verifier;
}

/**
 * Reads a proposed or a stored spec; they have the same fields. Unknown fields are dropped. Nothing is verified yet.
 *
 * @throws TlogError SPEC with the offending field, VERIFIER for the key or certificate
 */
export function parseHashedRekord(spec: JsonValue): HashedRekord {
  const root = requireObject(spec, 'spec');
  const signature = member(root, 'signature');
  const content = readBase64(signature, 'signature.content', Math.ceil(MAX_SIGNATURE_SIZE / 3) * 4);
  const publicKey = member(signature, 'signature.publicKey');
  const pem = readBase64(publicKey, 'signature.publicKey.content', MAX_VERIFIER_LENGTH);
  const hash = member(member(root, 'data'), 'data.hash');
  const algorithm = readAlgorithm(hash);
  const value = readHashValue(hash, algorithm);
  return { hash: { algorithm, value }, signature: content, verifier: parseX509Verifier(decodePemText(pem)) };
}

/** The leaf: canonical JSON of the entry with the re-encoded key. Equal entries give equal bytes. */
export function canonicalHashedRekord(entry: HashedRekord): Uint8Array {
  return encodeUtf8(
    canonicalizeJson({
      apiVersion: HASHED_REKORD_VERSION,
      kind: HASHED_REKORD_KIND,
      spec: {
        data: { hash: { algorithm: entry.hash.algorithm, value: entry.hash.value } },
        signature: {
          content: encodeBase64(entry.signature),
          publicKey: { content: encodeBase64(encodeUtf8(entry.verifier.canonicalPem)) },
        },
      },
    }),
  );
}

function readAlgorithm(hash: JsonObject): HashAlgorithm {
  const field = 'data.hash.algorithm';
  const algorithm = readString(hash, field);
  if (!isHashAlgorithm(algorithm)) {
    throw new TlogError('SPEC', `${field} in body should be one of [${Object.keys(HEX_LENGTHS).join(' ')}]`, {
      field,
    });
  }
  return algorithm;
}

function readHashValue(hash: JsonObject, algorithm: HashAlgorithm): string {
  const field = 'data.hash.value';
  const value = readString(hash, field);
  const length = HEX_LENGTHS[algorithm];
  if (value.length !== length || !/^[0-9a-fA-F]+$/.test(value)) {
    const got = value.length === length ? 'other characters' : `${value.length} characters`;
    throw new TlogError(
      'SPEC',
      `${field} in body should be ${length} hex digits for ${algorithm}, got ${got}`,
      {
        field,
      },
    );
  }
  return value;
}

function decodePemText(pem: Uint8Array): string {
  const field = 'signature.publicKey.content';
  try {
    return decodeUtf8(pem);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('VERIFIER', 'invalid public key: not PEM', { cause, field });
  }
}

function readBase64(parent: JsonObject, field: string, maxLength: number): Uint8Array {
  const text = readString(parent, field);
  if (text.length > maxLength) {
    throw new TlogError('SPEC', `${field} in body should be at most ${maxLength} chars long`, { field });
  }
  try {
    // Go's decoder skips line breaks, so Rekor takes what `base64` wraps at 76 columns.
    return decodeBase64(text.replace(/[\r\n]/g, ''));
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('SPEC', `${field} in body must be of type byte`, { cause, field });
  }
}

function readString(parent: JsonObject, field: string): string {
  const value = lookUp(parent, field);
  if (value === undefined || value === '') throw required(field);
  if (typeof value !== 'string')
    throw new TlogError('SPEC', `${field} in body must be of type string`, { field });
  return value;
}

function member(parent: JsonObject, field: string): JsonObject {
  const value = lookUp(parent, field);
  if (value === undefined) throw required(field);
  return requireObject(value, field);
}

function requireObject(value: JsonValue, field: string): JsonObject {
  if (!isJsonObject(value)) throw new TlogError('SPEC', `${field} in body must be of type object`, { field });
  return value;
}

/** The last part of the dotted path inside its parent; null counts as absent. */
function lookUp(parent: JsonObject, field: string): JsonValue | undefined {
  const key = field.slice(field.lastIndexOf('.') + 1);
  return Object.hasOwn(parent, key) ? (parent[key] ?? undefined) : undefined;
}

function required(field: string): TlogError {
  return new TlogError('SPEC', `${field} in body is required`, { field });
}

function isHashAlgorithm(text: string): text is HashAlgorithm {
  return Object.hasOwn(HEX_LENGTHS, text);
}
