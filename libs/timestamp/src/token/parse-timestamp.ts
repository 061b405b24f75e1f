import { DerReader, tags } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { readDigestAlgorithm } from '../digest-algorithm.ts';
import { decodingTimestamp, malformedTimestamp, TimestampError } from '../errors.ts';
import { oids } from '../oids.ts';
import { readEmbeddedCertificates, type EmbeddedCertificate } from './embedded-certificates.ts';
import { identifies } from './issuer-and-serial-number.ts';
import { readTstInfo, readVersion, type ParsedTstInfo } from './parsed-tst-info.ts';
import { readSignerInfo, type SignerInfo } from './signer-info.ts';

/** A timestamp whose form is in order. Nothing in it is verified. */
export interface ParsedTimestamp {
  readonly tstInfo: ParsedTstInfo;
  /** DER of the TSTInfo. */
  readonly content: Uint8Array;
  readonly certificates: readonly EmbeddedCertificate[];
  readonly signerInfo: SignerInfo;
}

/** Signer, intermediate and root with RSA keys of 4096 bits make 6 KiB. */
export const MAX_TIMESTAMP_BYTES = 64 * 1024;
const MAX_STATUS_STRINGS = 16;

const CERTIFICATES_TAG = tags.contextConstructed | 0;
const CRLS_TAG = tags.contextConstructed | 1;

/**
 * Reads a TimeStampResp (RFC 3161 section 2.4.2), the form in which bundles carry timestamps, in DER to its last octet. A bare
 * TimeStampToken is refused, as every Sigstore client does.
 *
 * ```asn1
 * TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL }
 * ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT SignedData }
 * ```
 *
 * @param der at most 64 KiB, copied
 * @throws TimestampError with a code for each reason
 */
export function parseTimestamp(der: Uint8Array): ParsedTimestamp {
  if (der.length > MAX_TIMESTAMP_BYTES) {
    throw new TimestampError(
      'TOO_LARGE',
      `timestamp of ${der.length} bytes, at most ${MAX_TIMESTAMP_BYTES} are taken`,
    );
  }
  return decodingTimestamp(() => {
    const reader = new DerReader(new Uint8Array(der));
    const response = reader.sequence();
    reader.end();
    readStatus(response.sequence());
    const token = response.sequence();
    response.end();
    return readToken(token);
  });
}

/**
 * Whether the timestamp says it was signed by this certificate, for choosing among the authorities of a trusted root.
 */
export function isSignedBy(timestamp: ParsedTimestamp, signer: Certificate): boolean {
  return identifies(timestamp.signerInfo.signer, signer);
}

/**
 * Granted as asked. `grantedWithMods` is refused as sigstore-go and sigstore-python do: nobody signs the status, and what
 * the authority changed nobody checks. Texts are taken, some authorities send `Operation Okay`.
 *
 * ```asn1
 * PKIStatusInfo ::= SEQUENCE {
 *   status INTEGER, statusString SEQUENCE OF UTF8String OPTIONAL, failInfo BIT STRING OPTIONAL }
 * ```
 */
function readStatus(fields: DerReader): void {
  const status = fields.integerBytes();
  if (status.length !== 1 || status[0] !== 0) {
    throw new TimestampError('STATUS', `timestamp: status is ${status.join('.')}, want 0, granted`);
  }
  if (fields.tag === tags.sequence) readStatusStrings(fields.sequence());
  if (fields.tag === tags.bitString) {
    throw new TimestampError('STATUS', 'timestamp: granted, and a failure at once');
  }
  fields.end();
}

function readStatusStrings(list: DerReader): void {
  for (let count = 0; !list.done; count++) {
    if (count === MAX_STATUS_STRINGS) {
      throw malformedTimestamp(`more than ${MAX_STATUS_STRINGS} status strings`);
    }
    list.read(tags.utf8String);
  }
}

function readToken(contentInfo: DerReader): ParsedTimestamp {
  const type = contentInfo.oid();
  if (type !== oids.signedData) {
    throw new TimestampError('CONTENT_TYPE', `timestamp: token is ${type}, want ${oids.signedData}`);
  }
  const explicit = contentInfo.explicit(0);
  if (explicit === undefined) throw malformedTimestamp('token without content');
  contentInfo.end();
  const signedData = explicit.sequence();
  explicit.end();
  return readSignedData(signedData);
}

/**
 * SignedData with one signer, as RFC 3161 wants it.
 *
 * ```asn1
 * SignedData ::= SEQUENCE {
 *   version CMSVersion, digestAlgorithms SET OF AlgorithmIdentifier, encapContentInfo EncapsulatedContentInfo,
 *   certificates [0] IMPLICIT CertificateSet OPTIONAL, signerInfos SET OF SignerInfo }
 * ```
 */
function readSignedData(fields: DerReader): ParsedTimestamp {
  readVersion(fields, 3, 'signed data');
  const digestAlgorithms = fields.set();
  const digestHash = readDigestAlgorithm(digestAlgorithms, 'digest algorithm');
  if (!digestAlgorithms.done) {
    throw new TimestampError('SIGNED_DATA', 'timestamp: more than one digest algorithm for one signer');
  }
  const content = readEncapsulatedContent(fields.sequence());
  const certificates =
    fields.tag === CERTIFICATES_TAG ? readEmbeddedCertificates(fields.constructed(CERTIFICATES_TAG)) : [];
  if (fields.tag === CRLS_TAG) {
    throw new TimestampError('SIGNED_DATA', 'timestamp: revocation lists, which nobody vouches for');
  }
  const signerInfos = fields.set();
  fields.end();
  const signerInfo = readOnlySignerInfo(signerInfos);
  if (signerInfo.hash !== digestHash) {
    throw new TimestampError(
      'SIGNED_DATA',
      `timestamp: digest algorithm ${digestHash}, but the signer's is ${signerInfo.hash}`,
    );
  }
  return { tstInfo: readTstInfo(content), content, certificates, signerInfo };
}

/** `SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING }`, the string in one piece. */
function readEncapsulatedContent(fields: DerReader): Uint8Array {
  const type = fields.oid();
  if (type !== oids.tstInfo) {
    throw new TimestampError('CONTENT_TYPE', `timestamp: content is ${type}, want ${oids.tstInfo}`);
  }
  const explicit = fields.explicit(0);
  if (explicit === undefined) throw malformedTimestamp('signed data without content');
  fields.end();
  const content = explicit.octetString();
  explicit.end();
  return content;
}

function readOnlySignerInfo(list: DerReader): SignerInfo {
  if (list.done) throw new TimestampError('SIGNED_DATA', 'timestamp: no signer, want one');
  const signerInfo = list.sequence();
  if (!list.done) throw new TimestampError('SIGNED_DATA', 'timestamp: more than one signer');
  return readSignerInfo(signerInfo);
}
