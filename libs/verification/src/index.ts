export {
  PolicyError,
  VerificationError,
  type PolicyErrorCode,
  type VerificationErrorCode,
} from './errors.ts';
export { evidenceFromBundle } from './evidence/bundle.ts';
export { withInclusionProof, withoutInclusionProof } from './evidence/inclusion-proof.ts';
export { evidenceFromLegacyAttestation } from './evidence/legacy-attestation.ts';
export { evidenceFromLegacySignature } from './evidence/legacy-signature.ts';
export {
  formatArtifactDigest,
  parseArtifactDigest,
  type Artifact,
  type ArtifactDigest,
  type SignatureEvidence,
  type SignedContent,
  type SigningKey,
} from './evidence/signature-evidence.ts';
export { extractIdentity, isClaimName, type ClaimName, type SignerIdentity } from './identity.ts';
export { MAX_PATTERN_LENGTH } from './pattern.ts';
export { assertPolicy, compilePolicy, type Policy, type PolicyInput, type PolicySubject } from './policy.ts';
export { renderVerdict, type RenderOptions } from './render/render-verdict.ts';
export { entriesWithoutProof, type SigningTime } from './signing-times.ts';
export {
  IN_TOTO_PAYLOAD_TYPE,
  parseStatement,
  STATEMENT_TYPES,
  type Statement,
  type StatementSubject,
} from './statement.ts';
export type { VerificationOptions } from './steps/context.ts';
export type { StepEvidence } from './steps/step-evidence.ts';
export {
  stepNames,
  stepOf,
  stepTitles,
  type Step,
  type StepName,
  type StepOf,
  type StepOutcome,
} from './steps/step.ts';
export { assertVerified } from './assert-verified.ts';
export { verifyBundle } from './verify-bundle.ts';
export {
  legacyCandidate,
  verifyImageSignature,
  type ImageEvidence,
  type ImageVerdict,
} from './verify-image.ts';
export { verifySignature, type SignatureCandidate, type SignatureVerdict } from './verify-signature.ts';
