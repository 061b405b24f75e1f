import { canonicalizeJson, encodeBase64, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { readSpecHash, type SpecHash } from './spec-hash.ts';
import { SpecReader } from './spec-reader.ts';
import {
  decodeVerifierPem,
  MAX_VERIFIER_LENGTH,
  parseX509Verifier,
  type X509Verifier,
} from './x509-verifier.ts';

export const HASHED_REKORD_KIND = 'hashedrekord';
export const HASHED_REKORD_VERSION = '0.0.1';

/** RSA with 16384 bits would need 2048; no scheme admitted here comes near. */
const MAX_SIGNATURE_SIZE = 2048;

/** hashedrekord 0.0.1: a signature over a digest, with the key or certificate that verifies it. */
export interface HashedRekord {
  readonly hash: SpecHash;
  readonly signature: Uint8Array;
  readonly verifier: X509Verifier;
}

/**
 * Reads a proposed or a stored spec; they have the same fields. Unknown fields are dropped. Nothing is verified yet.
 *
 * @throws TlogError SPEC with the offending field, VERIFIER for the key or certificate
 */
export function parseHashedRekord(spec: JsonValue): HashedRekord {
  const root = SpecReader.of(spec);
  const signature = root.object('signature');
  const content = signature.bytes('content', Math.ceil(MAX_SIGNATURE_SIZE / 3) * 4);
  const publicKey = signature.object('publicKey');
  const pem = publicKey.bytes('content', MAX_VERIFIER_LENGTH);
  const hash = readSpecHash(root.object('data').object('hash'), ['sha256', 'sha384', 'sha512']);
  const verifier = parseX509Verifier(decodeVerifierPem(pem, publicKey.at('content')));
  return { hash, signature: content, verifier };
}

/** The leaf: canonical JSON of the entry with the re-encoded key. Equal entries give equal bytes. */
export function canonicalHashedRekord(entry: HashedRekord): Uint8Array {
  return encodeUtf8(
    canonicalizeJson({
      apiVersion: HASHED_REKORD_VERSION,
      kind: HASHED_REKORD_KIND,
      spec: {
        data: { hash: { ...entry.hash } },
        signature: {
          content: encodeBase64(entry.signature),
          publicKey: { content: encodeBase64(encodeUtf8(entry.verifier.canonicalPem)) },
        },
      },
    }),
  );
}
