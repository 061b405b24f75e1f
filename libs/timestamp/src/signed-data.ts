import { digest, signatureAlgorithmIdentifier, type HashAlgorithm, type Signer } from '@sigstead/crypto';
import {
  derExplicit,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derTime,
  tags,
} from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { bareDigestAlgorithm } from './digest-algorithm.ts';
import { oids } from './oids.ts';
import { encodeSigningCertificate } from './signing-certificate.ts';

export interface SignedDataFields {
  /** DER TSTInfo. */
  readonly tstInfo: Uint8Array;
  readonly signingTime: Date;
  readonly signer: Signer;
  /** The signer's. */
  readonly certificate: Certificate;
  /** Hash of the certificate in the signing-certificate attribute. */
  readonly certificateHash: HashAlgorithm;
  /**
   * Certificates to carry along, written in the order of a SET OF in DER: sigstore-python refuses any other. None leaves an
   * empty field, as Sigstore's authority does.
   */
  readonly certificates: readonly Certificate[];
}

/** The content is none of RFC 5652's own, hence 3 and not 1 (section 5.1). */
const SIGNED_DATA_VERSION = derInteger(3n);
/** The signer is named by issuer and serial number (section 5.3). */
const SIGNER_INFO_VERSION = derInteger(1n);
const SIGNED_DATA = derOid(oids.signedData);
const TST_INFO = derOid(oids.tstInfo);
const SIGNING_TIME = derOid(oids.signingTime);
const MESSAGE_DIGEST = derOid(oids.messageDigest);
const SIGNING_CERTIFICATE = derOid(oids.signingCertificateV2);
const CONTENT_TYPE_ATTRIBUTE = attribute(derOid(oids.contentType), TST_INFO);

/**
 * TimeStampToken: ContentInfo with SignedData over a TSTInfo (RFC 3161 section 2.4.2, RFC 5652 sections 3 and 5).
 *
 * ```asn1
 * SignedData ::= SEQUENCE {
 *   version CMSVersion, digestAlgorithms SET OF AlgorithmIdentifier,
 *   encapContentInfo SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING },
 *   certificates [0] IMPLICIT CertificateSet, signerInfos SET OF SignerInfo }
 * SignerInfo ::= SEQUENCE {
 *   version CMSVersion, sid IssuerAndSerialNumber, digestAlgorithm AlgorithmIdentifier,
 *   signedAttrs [0] IMPLICIT SET OF Attribute, signatureAlgorithm AlgorithmIdentifier, signature OCTET STRING }
 * ```
 */
export async function signTstInfo(fields: SignedDataFields): Promise<Uint8Array> {
  const { certificate, signer } = fields;
  const digestAlgorithm = bareDigestAlgorithm(signer.hash);
  // Sorted, as DER wants a SET OF; the signature covers it with its universal tag, the token has it as [0].
  const signedAttrs = derSet(...attributes(fields));
  const signerInfo = derSequence(
    SIGNER_INFO_VERSION,
    derSequence(certificate.issuer, derInteger(certificate.serialNumber)),
    digestAlgorithm,
    implicit(signedAttrs),
    signatureAlgorithmIdentifier(signer.publicKey.type, signer.hash),
    derOctetString(await signer.sign(signedAttrs)),
  );
  const signedData = derSequence(
    SIGNED_DATA_VERSION,
    derSet(digestAlgorithm),
    derSequence(TST_INFO, derExplicit(0, derOctetString(fields.tstInfo))),
    implicit(derSet(...fields.certificates.map(({ raw }) => raw))),
    derSet(signerInfo),
  );
  return derSequence(SIGNED_DATA, derExplicit(0, signedData));
}

function attributes(fields: SignedDataFields): Uint8Array[] {
  return [
    CONTENT_TYPE_ATTRIBUTE,
    attribute(SIGNING_TIME, derTime(fields.signingTime)),
    attribute(MESSAGE_DIGEST, derOctetString(digest(fields.signer.hash, fields.tstInfo))),
    attribute(SIGNING_CERTIFICATE, encodeSigningCertificate(fields.certificate, fields.certificateHash)),
  ];
}

function attribute(oid: Uint8Array, value: Uint8Array): Uint8Array {
  return derSequence(oid, derSet(value));
}

/** The same length and content under tag `[0]`. */
function implicit(set: Uint8Array): Uint8Array {
  const retagged = Uint8Array.from(set);
  retagged[0] = tags.contextConstructed;
  return retagged;
}
