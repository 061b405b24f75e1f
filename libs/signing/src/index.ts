export { withCertifiedKey, type CertifiedKey } from './certified-key.ts';
export { cosignAnnotations } from './cosign-annotations.ts';
export { SigningError, type SigningErrorCode, type SigningStep } from './errors.ts';
export {
  logSignature,
  proposedHashedRekord,
  toLoggedSignature,
  type LoggedSignature,
} from './log-signature.ts';
export { messageBundle } from './message-bundle.ts';
export { proofSubject } from './proof-subject.ts';
export type { SigningServices } from './services.ts';
export {
  signImage,
  signManifestDigest,
  type Exclusively,
  type ImageSignature,
  type ImageSigningRequest,
  type StoredImageSignature,
} from './sign-image.ts';
export { dockerReference, simpleSigningPayload, type Annotations } from './simple-signing.ts';
