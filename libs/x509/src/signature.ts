import { derBitString, DerReader, derSequence, equalBytes, tags } from '@sigstead/encoding';
import {
  defaultHash,
  KeyError,
  parseSignatureAlgorithm,
  signatureAlgorithmIdentifier,
  signatureFamily,
  verifyMessage,
  type HashAlgorithm,
  type PublicKey,
  type Signer,
} from '@sigstead/crypto';
import type { Certificate } from './certificate.ts';
import { decoding, X509Error } from './errors.ts';

/** AlgorithmIdentifier a CA with this key writes: ecdsa-with-SHA256/384/512 by curve, sha256WithRSA, Ed25519. */
export function caSignatureAlgorithm(key: PublicKey): Uint8Array {
  return signatureAlgorithmIdentifier(key.type, defaultHash(key.type));
}

/**
 * Verifies that the issuer's key signed the certificate. Names, validity and usages are not looked at.
 *
 * @throws X509Error SIGNATURE_ALGORITHM when inner and outer AlgorithmIdentifier differ (RFC 5280 section 4.1.1.2), are
 *   unknown or do not fit the key, SIGNATURE, or PUBLIC_KEY
 */
export function verifyCertificateSignature(certificate: Certificate, issuer: Certificate): void {
  if (!equalBytes(certificate.signatureAlgorithm, certificate.tbsSignatureAlgorithm)) {
    throw new X509Error(
      'SIGNATURE_ALGORITHM',
      'signature algorithm differs inside and outside of the signed part',
      {
        certificate: certificate.describe(),
      },
    );
  }
  const { tbs, signatureAlgorithm, signature } = certificate;
  verifySignature(issuer.publicKey, { tbs, signatureAlgorithm, signature }, certificate.describe());
}

/** @throws X509Error SIGNATURE_ALGORITHM or SIGNATURE, naming `what` */
export function verifySignature(
  key: PublicKey,
  signed: { tbs: Uint8Array; signatureAlgorithm: Uint8Array; signature: Uint8Array },
  what: string,
): void {
  const hash = signatureHash(key, signed.signatureAlgorithm, what);
  if (!verifyMessage(key, hash, signed.tbs, signed.signature)) {
    throw new X509Error('SIGNATURE', `signature does not verify with the issuer's ${key.type} key`, {
      certificate: what,
    });
  }
}

/**
 * Signs a TBSCertificate, or a TBSCertList, which begins alike: an INTEGER (serial number or version), then the algorithm.
 *
 * @param tbs from `encodeLeafTbs`, `encodeCaCertificate` or `encodeCrlTbs`
 * @returns the DER certificate or CRL
 * @throws X509Error SIGNATURE_ALGORITHM when the signer does not sign with the algorithm that `tbs` names
 */
export async function signTbs(tbs: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const algorithm = signatureAlgorithmIdentifier(signer.publicKey.type, signer.hash);
  if (!equalBytes(algorithm, innerAlgorithm(tbs))) {
    throw new X509Error(
      'SIGNATURE_ALGORITHM',
      `what is to be signed names another signature algorithm than ${signer.publicKey.type} with ${signer.hash}`,
    );
  }
  return derSequence(tbs, algorithm, derBitString(await signer.sign(tbs)));
}

function signatureHash(key: PublicKey, algorithm: Uint8Array, what: string): HashAlgorithm {
  let parsed;
  try {
    parsed = parseSignatureAlgorithm(algorithm);
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new X509Error('SIGNATURE_ALGORITHM', cause.message, { cause, certificate: what });
  }
  if (parsed.family !== signatureFamily(key.type)) {
    throw new X509Error(
      'SIGNATURE_ALGORITHM',
      `signature algorithm does not fit the issuer's ${key.type} key`,
      {
        certificate: what,
      },
    );
  }
  return parsed.hash;
}

function innerAlgorithm(tbs: Uint8Array): Uint8Array {
  return decoding('MALFORMED', 'part to be signed', () => {
    const outer = new DerReader(tbs);
    const fields = outer.sequence();
    outer.end();
    fields.explicit(0);
    fields.integerBytes();
    if (fields.tag !== tags.sequence)
      throw new X509Error('MALFORMED', 'part to be signed names no signature algorithm');
    return fields.element().raw;
  });
}
