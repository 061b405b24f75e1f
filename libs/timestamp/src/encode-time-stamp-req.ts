import { digestSize, type HashAlgorithm } from '@sigstead/crypto';
import { derInteger, derOctetString, derSequence } from '@sigstead/encoding';
import { digestAlgorithmWithNull } from './digest-algorithm.ts';
import { TimestampError } from './errors.ts';

const VERSION_1 = derInteger(1n);

/**
 * TimeStampReq in DER (RFC 3161 section 2.4.1) as Sigstore's clients send it: neither policy nor nonce, and no certificates wanted,
 * since a verifier takes those from its trusted root. The digest of a fresh signature is as good as a nonce.
 *
 * @param hashedMessage as long as the hash makes it
 * @throws TimestampError DIGEST_LENGTH
 */
export function encodeTimeStampReq(hash: HashAlgorithm, hashedMessage: Uint8Array): Uint8Array {
  const size = digestSize(hash);
  if (hashedMessage.length !== size) {
    throw new TimestampError('DIGEST_LENGTH', `digest of ${hashedMessage.length} bytes, ${hash} has ${size}`);
  }
  return derSequence(VERSION_1, derSequence(digestAlgorithmWithNull(hash), derOctetString(hashedMessage)));
}
