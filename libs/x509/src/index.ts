export {
  encodeCaCertificate,
  encodeTimestampSignerCertificate,
  type CaProfile,
  type NamedProfile,
  type TimestampSignerProfile,
} from './ca.ts';
export { issueCaChain, randomSerialNumber, type CaChainPlan } from './ca-chain.ts';
export { Certificate, keyIdentifierOf } from './certificate.ts';
export { isValidAt, verifyChain, type ChainOptions } from './chain.ts';
export {
  CRL_REASONS,
  encodeCrlTbs,
  type CrlProfile,
  type CrlReason,
  type RevokedCertificate,
} from './crl.ts';
export { verifyCertificateSigningRequest, type CertificateSigningRequest } from './csr.ts';
export { X509Error, type X509ErrorCode } from './errors.ts';
export { encodeExtension, type Extension } from './extension.ts';
export {
  encodeFulcioExtensions,
  FULCIO_EXTENSIONS,
  readFulcioExtensions,
  type FulcioClaims,
} from './fulcio-extensions.ts';
export { encodeGeneralName, type GeneralName } from './general-name.ts';
export { encodeLeafTbs, type LeafProfile } from './leaf.ts';
export {
  describeName,
  encodeCaName,
  nameAttribute,
  parseName,
  type CaName,
  type NameAttribute,
} from './name.ts';
export { oids } from './oids.ts';
export {
  isPrecertificate,
  POISON_EXTENSION,
  precertificateTbs,
  verifyDetachedSct,
  verifyEmbeddedSct,
  verifyPrecertificateSct,
} from './precertificate.ts';
export {
  certificateSctSignatureInput,
  embeddedScts,
  encodeSct,
  encodeSctList,
  parseSct,
  parseSctList,
  SCT_HASH_SHA256,
  SCT_SIGNATURE_ECDSA,
  SCT_SIGNATURE_RSA,
  sctListExtension,
  sctSignatureInput,
  type SignedCertificateTimestamp,
} from './sct.ts';
export { caSignatureAlgorithm, signTbs, verifyCertificateSignature } from './signature.ts';
export type { KeyUsage } from './standard-extensions.ts';
export { encodeTlsServerCertificate, type TlsServerProfile } from './tls-server.ts';
