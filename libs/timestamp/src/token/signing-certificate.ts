import { createHash } from 'node:crypto';
import { digest, type HashAlgorithm } from '@sigstead/crypto';
import { equalBytes, tags, type DerReader } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { readDigestAlgorithm } from '../digest-algorithm.ts';
import { malformedTimestamp, TimestampError } from '../errors.ts';
import { identifies, readName, type IssuerAndSerialNumber } from './issuer-and-serial-number.ts';

/** ESSCertID or ESSCertIDv2. */
export interface CertificateIdentifier {
  /** SHA-1 in version 1: a name for a certificate we have, and never the only thing that is asked of it. */
  readonly hash: HashAlgorithm | 'sha1';
  readonly certHash: Uint8Array;
  readonly issuerSerial: IssuerAndSerialNumber | undefined;
}

const MAX_IDENTIFIERS = 16;
const DIRECTORY_NAME = 4;

/**
 * The first identifier of a signing-certificate attribute, which is the signer's; the others name certificates above it, and
 * the authority's chain is the trusted root's.
 *
 * ```asn1
 * SigningCertificate ::= SEQUENCE { certs SEQUENCE OF ESSCertID, policies SEQUENCE OF PolicyInformation OPTIONAL }
 * ESSCertID ::= SEQUENCE { certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }
 * SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies SEQUENCE OF PolicyInformation OPTIONAL }
 * ESSCertIDv2 ::= SEQUENCE {
 *   hashAlgorithm AlgorithmIdentifier DEFAULT sha256, certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }
 * IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber CertificateSerialNumber }
 * ```
 *
 * @param version 1 of RFC 2634 section 5.4, 2 of RFC 5035 section 3. An explicit SHA-256 is taken in the latter, although
 *   DER leaves defaults out
 * @throws TimestampError MALFORMED, WEAK_HASH or HASH_ALGORITHM
 * @throws EncodingError which the caller names
 */
export function readSigningCertificate(value: DerReader, version: 1 | 2): CertificateIdentifier {
  const fields = value.sequence();
  const list = fields.sequence();
  if (fields.tag === tags.sequence) fields.element();
  fields.end();
  const identifiers: CertificateIdentifier[] = [];
  while (!list.done) {
    if (identifiers.length === MAX_IDENTIFIERS) {
      throw malformedTimestamp(`more than ${MAX_IDENTIFIERS} certificate identifiers`);
    }
    identifiers.push(readIdentifier(list.sequence(), version));
  }
  const [first] = identifiers;
  if (first === undefined) throw malformedTimestamp('signing certificate attribute names no certificate');
  return first;
}

function readIdentifier(fields: DerReader, version: 1 | 2): CertificateIdentifier {
  const hash = version === 1 ? 'sha1' : readHash(fields);
  const certHash = fields.octetString();
  const issuerSerial = fields.done ? undefined : readIssuerSerial(fields.sequence());
  fields.end();
  return { hash, certHash, issuerSerial };
}

function readHash(fields: DerReader): HashAlgorithm {
  if (fields.tag !== tags.sequence) return 'sha256';
  return readDigestAlgorithm(fields, 'hash of the certificate identifier');
}

/** The issuer is one directoryName: certificates have no other. */
function readIssuerSerial(fields: DerReader): IssuerAndSerialNumber {
  const names = fields.sequence();
  const directoryName = names.explicit(DIRECTORY_NAME);
  if (directoryName === undefined) throw malformedTimestamp('issuer is not a directoryName');
  names.end();
  const issuer = readName(directoryName);
  directoryName.end();
  const serialNumber = fields.integerBytes();
  fields.end();
  return { issuer, serialNumber };
}

/** @throws TimestampError SIGNING_CERTIFICATE */
export function verifyCertificateIdentifier(identifier: CertificateIdentifier, signer: Certificate): void {
  if (!equalBytes(identifier.certHash, certificateDigest(identifier.hash, signer))) {
    throw new TimestampError(
      'SIGNING_CERTIFICATE',
      `timestamp: ${identifier.hash} of the signing certificate is not that of ${signer.describe()}`,
    );
  }
  if (identifier.issuerSerial !== undefined && !identifies(identifier.issuerSerial, signer)) {
    throw new TimestampError(
      'SIGNING_CERTIFICATE',
      `timestamp: issuer and serial number of the signing certificate are not those of ${signer.describe()}`,
    );
  }
}

function certificateDigest(hash: CertificateIdentifier['hash'], { raw }: Certificate): Uint8Array {
  return hash === 'sha1' ? createHash('sha1').update(raw).digest() : digest(hash, raw);
}
