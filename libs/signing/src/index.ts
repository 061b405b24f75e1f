export { requestCertifiedKey, withCertifiedKey, type OwnedKey } from './certified-key.ts';
export { withCertifiedKeys, type CertifiedKeySource } from './certified-keys.ts';
export { chooseServices, type ServiceAccess } from './choose-services.ts';
export { sha256Digest, type SigningContent } from './content.ts';
export { cosignAnnotations, proofAnnotations } from './cosign-annotations.ts';
export { SigningError, type SigningErrorCode, type SigningStep } from './errors.ts';
export { envelopeJson, type LoggedSignature } from './log-entry.ts';
export { makeSignature, type OnStep, type Signature } from './make-signature.ts';
export { proofSubject } from './proof-subject.ts';
export { assertComplete, hasPromises, type SigningLog, type SigningServices } from './services.ts';
export { signEach, signMany, type Outcome, type SignEachOptions } from './sign-each.ts';
export {
  assertForm,
  defaultForm,
  signImageDigest,
  type ImageSignatures,
  type ImageToSign,
  type LegacyImageSignature,
  type SignatureForm,
} from './sign-image.ts';
export {
  keySourceOf,
  managedKey,
  type CertifiedKey,
  type KeySource,
  type ManagedKey,
  type SigningKey,
} from './signing-key.ts';
export { dockerReference, simpleSigningPayload, type Annotations } from './simple-signing.ts';
export {
  COSIGN_SIGN_TYPE,
  imageStatement,
  makeStatement,
  parsePredicate,
  type AttestationRequest,
} from './statement/make-statement.ts';
export { MAX_STATEMENT_BYTES, parseStatement, type Statement, type Subject } from './statement/statement.ts';
