import { type KeyType, type Signer } from '@sigstead/crypto';
import { concatBytes, tlsU8, tlsVector16 } from '@sigstead/encoding';
import { SCT_HASH_SHA256, SCT_SIGNATURE_ECDSA, SCT_SIGNATURE_RSA } from '@sigstead/x509';
import { TlogError } from './errors.ts';

/**
 * `struct { HashAlgorithm sha256(4); SignatureAlgorithm rsa(1) | ecdsa(3); opaque signature<0..2^16-1>; } DigitallySigned` of TLS
 * 1.2, as SCTs and tree heads carry it (RFC 6962 section 2.1.4).
 *
 * @throws TlogError SIGNER when the key is neither P-256 nor RSA
 */
export async function digitallySign(signer: Signer, input: Uint8Array): Promise<Uint8Array> {
  const algorithm = digitallySignedAlgorithm(signer.publicKey.type);
  if (algorithm === undefined)
    throw new TlogError('SIGNER', `CT log with a ${signer.publicKey.type} key, want P-256 or RSA`);
  return concatBytes(tlsU8(SCT_HASH_SHA256), tlsU8(algorithm), tlsVector16(await signer.sign(input)));
}

/** SignatureAlgorithm of a CT log's key, undefined for one that no CT log has. */
export function digitallySignedAlgorithm(type: KeyType): number | undefined {
  if (type === 'P-256') return SCT_SIGNATURE_ECDSA;
  return type === 'RSA' ? SCT_SIGNATURE_RSA : undefined;
}
