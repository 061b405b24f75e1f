import { digest, signatureFamily, verifyMessage, type HashAlgorithm, type PublicKey } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { isValidAt, X509Error, type Certificate } from '@sigstead/x509';
import { TimestampError } from '../errors.ts';
import { verifyAuthorityChain } from '../signer-chain.ts';
import { verifyEmbeddedCertificates } from './embedded-certificates.ts';
import { isSignedBy, type ParsedTimestamp } from './parse-timestamp.ts';
import type { SignerInfo } from './signer-info.ts';
import { verifyCertificateIdentifier } from './signing-certificate.ts';

/** A verified timestamp. */
export interface VerifiedTimestamp {
  /** What is finer than milliseconds is cut off. */
  readonly genTime: Date;
  /** Content octets of the INTEGER: two's complement, as the authority wrote it. */
  readonly serialNumber: Uint8Array;
  /** Dotted identifier of the policy it was made under. */
  readonly policy: string;
  /** Hash of the message imprint. */
  readonly hashAlgorithm: HashAlgorithm;
  /** The authority's certificate, from the chain. */
  readonly signer: Certificate;
}

/**
 * Verifies that an authority saw a message at a time (RFC 3161 section 2.2, RFC 5652 section 5.6). Trust comes from the
 * chain alone, and its certificates must be valid at the time that the timestamp names; until when the authority itself is
 * trusted is the caller's business.
 *
 * @param chain the authority's, from the trusted root: signing certificate first, root last. One certificate alone is its
 *   own anchor
 * @param message the bytes whose digest must be the message imprint: the signature of a bundle
 * @throws TimestampError SIGNER, EMBEDDED_CERTIFICATE, IMPRINT, MESSAGE_DIGEST, SIGNING_CERTIFICATE, CHAIN, SIGNING_TIME,
 *   SIGNATURE_ALGORITHM or SIGNATURE
 */
export function verifyTimestamp(
  timestamp: ParsedTimestamp,
  message: Uint8Array,
  chain: readonly Certificate[],
): VerifiedTimestamp {
  const { tstInfo, signerInfo } = timestamp;
  const signer = signerOf(timestamp, chain);
  verifyEmbeddedCertificates(timestamp.certificates, signer);
  verifyMessageImprint(timestamp, message);
  verifyMessageDigest(timestamp);
  verifySigningCertificates(signerInfo, signer);
  verifyAuthorityChain(chain, tstInfo.genTime);
  verifySigningTime(signerInfo, signer);
  verifySignature(signerInfo, signer);
  return {
    genTime: tstInfo.genTime,
    serialNumber: tstInfo.serialNumber,
    policy: tstInfo.policy,
    hashAlgorithm: tstInfo.hash,
    signer,
  };
}

/** The first of the chain, which must be the one the timestamp names. */
function signerOf(timestamp: ParsedTimestamp, [signer]: readonly Certificate[]): Certificate {
  if (signer === undefined) throw new TimestampError('CHAIN', 'timestamp chain is empty');
  if (!isSignedBy(timestamp, signer)) {
    throw new TimestampError('SIGNER', `timestamp: signed by another certificate than ${signer.describe()}`);
  }
  return signer;
}

function verifyMessageImprint({ tstInfo }: ParsedTimestamp, message: Uint8Array): void {
  if (!equalBytes(tstInfo.hashedMessage, digest(tstInfo.hash, message))) {
    throw new TimestampError(
      'IMPRINT',
      `timestamp: message imprint is not the ${tstInfo.hash} of the message`,
    );
  }
}

function verifyMessageDigest({ content, signerInfo }: ParsedTimestamp): void {
  if (!equalBytes(signerInfo.signedAttributes.messageDigest, digest(signerInfo.hash, content))) {
    throw new TimestampError(
      'MESSAGE_DIGEST',
      `timestamp: signed message digest is not the ${signerInfo.hash} of the TSTInfo`,
    );
  }
}

function verifySigningCertificates({ signedAttributes }: SignerInfo, signer: Certificate): void {
  for (const identifier of signedAttributes.signingCertificates) {
    verifyCertificateIdentifier(identifier, signer);
  }
}

/** As sigstore-go does. The time that counts is genTime; this one is only not to contradict the certificate. */
function verifySigningTime({ signedAttributes: { signingTime } }: SignerInfo, signer: Certificate): void {
  if (signingTime !== undefined && !isValidAt(signer, signingTime)) {
    throw new TimestampError(
      'SIGNING_TIME',
      `timestamp: signed at ${signingTime.toISOString()}, outside of the validity of ${signer.describe()}`,
    );
  }
}

function verifySignature(
  { family, hash, signedAttributes, signature }: SignerInfo,
  signer: Certificate,
): void {
  const key = publicKeyOf(signer);
  if (signatureFamily(key.type) !== family) {
    throw new TimestampError(
      'SIGNATURE_ALGORITHM',
      `timestamp: ${family} signature, but the key of ${signer.describe()} is ${key.type}`,
    );
  }
  if (!verifyMessage(key, hash, signedAttributes.raw, signature)) {
    throw new TimestampError(
      'SIGNATURE',
      `timestamp: signature does not verify with the ${key.type} key of ${signer.describe()}`,
    );
  }
}

function publicKeyOf(signer: Certificate): PublicKey {
  try {
    return signer.publicKey;
  } catch (cause) {
    if (!(cause instanceof X509Error)) throw cause;
    throw new TimestampError('CHAIN', `timestamp chain: ${cause.message}`, { cause });
  }
}
