import { ed25519 } from '@noble/curves/ed25519.js';
import { eddsa } from '@noble/curves/abstract/edwards.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, encodeUtf8 } from '@sigstead/encoding';

/** dom2(F, C) of RFC 8032 section 2, with F = 1 (prehashed) and an empty context. */
const DOM2 = concatBytes(encodeUtf8('SigEd25519 no Ed25519 collisions'), Uint8Array.of(1, 0));

/**
 * Ed25519ph whose prehash does nothing, since what comes in is the SHA-512 digest already. Neither OpenSSL 3.0
 * nor noble's own ed25519ph takes a digest.
 */
const ed25519Prehashed = eddsa(ed25519.Point, sha512, {
  domain: (data: Uint8Array) => concatBytes(DOM2, data),
  prehash: (digest: Uint8Array) => Uint8Array.from(digest),
  adjustScalarBytes: clamp,
  zip215: false,
});

/** RFC 8032 section 5.1.5, step 2: the secret scalar's fixed bits. Only signing has one. */
function clamp(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0] as number) & 0xf8;
  bytes[31] = ((bytes[31] as number) & 0x7f) | 0x40;
  return bytes;
}

/**
 * Ed25519ph over a SHA-512 digest (RFC 8032 section 5.1.7), without context, encodings checked strictly.
 *
 * @param point public key, 32 bytes
 * @param digest 64 bytes
 */
export function verifyEd25519Digest(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && ed25519Prehashed.verify(signature, digest, point, { zip215: false });
}

/**
 * Ed25519ph over a SHA-512 digest, without context.
 *
 * @param seed 32 bytes
 * @param digest 64 bytes
 */
export function signEd25519Digest(seed: Uint8Array, digest: Uint8Array): Uint8Array {
  return ed25519Prehashed.sign(digest, seed);
}
