import type { HashAlgorithm } from '@sigstead/crypto';
import { derNull, derOid, derSequence, type DerReader } from '@sigstead/encoding';
import { GENERAL_FAILURE, TimestampError } from './errors.ts';

const OIDS: Readonly<Record<HashAlgorithm, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const SHA1_OID = '1.3.14.3.2.26';

const BARE = encodeAll();
const WITH_NULL = encodeAll(derNull());

/** AlgorithmIdentifier with absent parameters, which RFC 5754 section 2 prefers: SignedData and SignerInfo. */
export function bareDigestAlgorithm(hash: HashAlgorithm): Uint8Array {
  return BARE[hash];
}

/** AlgorithmIdentifier with NULL parameters: MessageImprint and ESSCertIDv2, as Sigstore's authority writes them. */
export function digestAlgorithmWithNull(hash: HashAlgorithm): Uint8Array {
  return WITH_NULL[hash];
}

/** @throws TimestampError WEAK_HASH for SHA-1, HASH_ALGORITHM for what is not SHA-256, SHA-384 or SHA-512 */
export function hashOfOid(oid: string): HashAlgorithm {
  if (oid === SHA1_OID) throw weakHash();
  const hash = findHash(oid);
  if (hash === undefined) throw unknownHash(oid);
  return hash;
}

/**
 * Reads the AlgorithmIdentifier of a digest in a timestamp: SHA-2 with parameters absent or NULL (RFC 5754 section 2).
 *
 * @param what for the message
 * @throws TimestampError WEAK_HASH or HASH_ALGORITHM
 * @throws EncodingError which the caller names
 */
export function readDigestAlgorithm(fields: DerReader, what: string): HashAlgorithm {
  const algorithm = fields.sequence();
  const oid = algorithm.oid();
  if (!algorithm.done) algorithm.null();
  algorithm.end();
  if (oid === SHA1_OID) throw new TimestampError('WEAK_HASH', `timestamp: ${what} is SHA-1`);
  const hash = findHash(oid);
  if (hash !== undefined) return hash;
  throw new TimestampError(
    'HASH_ALGORITHM',
    `timestamp: ${what} is ${oid}, want SHA-256, SHA-384 or SHA-512`,
  );
}

function findHash(oid: string): HashAlgorithm | undefined {
  return (['sha256', 'sha384', 'sha512'] as const).find((hash) => OIDS[hash] === oid);
}

/** By name, in any case. @throws TimestampError as {@link hashOfOid} */
export function hashOfName(name: string): HashAlgorithm {
  switch (name.toLowerCase()) {
    case 'sha256':
      return 'sha256';
    case 'sha384':
      return 'sha384';
    case 'sha512':
      return 'sha512';
    case 'sha1':
      throw weakHash();
    default:
      throw unknownHash(name);
  }
}

function weakHash(): TimestampError {
  return new TimestampError('WEAK_HASH', 'Weak hash algorithm in timestamp request');
}

function unknownHash(name: string): TimestampError {
  return new TimestampError(
    'HASH_ALGORITHM',
    `${GENERAL_FAILURE}: hash algorithm ${JSON.stringify(name.slice(0, 64))}, want SHA-256, SHA-384 or SHA-512`,
  );
}

function encodeAll(...parameters: readonly Uint8Array[]): Readonly<Record<HashAlgorithm, Uint8Array>> {
  const encode = (hash: HashAlgorithm) => derSequence(derOid(OIDS[hash]), ...parameters);
  return { sha256: encode('sha256'), sha384: encode('sha384'), sha512: encode('sha512') };
}
