import type { KeyObject } from 'node:crypto';
import { constants, privateEncrypt, publicDecrypt } from 'node:crypto';
import {
  compareBytes,
  concatBytes,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  equalBytes,
} from '@sigstead/encoding';
import type { HashAlgorithm } from './digest.ts';
import { bitLength, integerToBytes } from './integers.ts';
import type { RsaParameters } from './key-parameters.ts';

/** RFC 8017 appendix B.1. */
const HASH_OID: Readonly<Record<HashAlgorithm, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/**
 * RSASSA-PKCS1-v1_5 over a digest (RFC 8017 section 8.2.2): the decrypted block is compared as a whole with the
 * one encoding that is right. Nothing is parsed, so there is no parser to fool (Bleichenbacher 2006; also
 * refused: DigestInfo without NULL).
 *
 * @param digest as long as the hash makes it
 * @param signature as long as the modulus
 */
export function verifyRsaDigest(
  key: RsaParameters,
  keyObject: KeyObject,
  hash: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const size = Math.ceil(bitLength(key.n) / 8);
  if (signature.length !== size || compareBytes(signature, integerToBytes(key.n, size)) >= 0) return false;
  const block = publicDecrypt({ key: keyObject, padding: constants.RSA_NO_PADDING }, signature);
  return equalBytes(block, encodeBlock(hash, digest, size));
}

/**
 * RSASSA-PKCS1-v1_5 over a digest (RFC 8017 section 8.2.1).
 *
 * @param digest as long as the hash makes it
 */
export function signRsaDigest(
  key: RsaParameters,
  keyObject: KeyObject,
  hash: HashAlgorithm,
  digest: Uint8Array,
): Uint8Array {
  const block = encodeBlock(hash, digest, Math.ceil(bitLength(key.n) / 8));
  const signature = privateEncrypt({ key: keyObject, padding: constants.RSA_NO_PADDING }, block);
  return new Uint8Array(signature.buffer, signature.byteOffset, signature.length);
}

/**
 * EMSA-PKCS1-v1_5 (RFC 8017 section 9.2): `00 01 FF...FF 00 DigestInfo`, where
 * `DigestInfo ::= SEQUENCE { SEQUENCE { hash OBJECT IDENTIFIER, NULL }, digest OCTET STRING }`. A 2048-bit block
 * always has room.
 */
function encodeBlock(hash: HashAlgorithm, digest: Uint8Array, size: number): Uint8Array {
  const digestInfo = derSequence(derSequence(derOid(HASH_OID[hash]), derNull()), derOctetString(digest));
  const padding = new Uint8Array(size - digestInfo.length - 3).fill(0xff);
  return concatBytes(Uint8Array.of(0x00, 0x01), padding, Uint8Array.of(0x00), digestInfo);
}
