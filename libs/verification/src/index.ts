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
export { assertPolicy, compilePolicy, requireImageSignature, type Policy } from './policy.ts';
export {
  decideImage,
  type ImageDecision,
  type RequirementDecision,
  type SignerDecision,
  type VerifiedSignature,
} from './policy/image/decide-image.ts';
export { describeDecision } from './policy/image/describe-decision.ts';
export { canonicalImageName } from './policy/image/image-pattern.ts';
export {
  MAX_POLICY_BYTES,
  parseImagePolicyDocument,
  parsePolicyJson,
  POLICY_API_VERSION,
  readImagePolicyDocument,
  type AttestationInput,
  type ImagePolicyDocument,
  type SignerInput,
} from './policy/image/image-policy-document.ts';
export {
  appliesTo,
  compileImagePolicy,
  isPolicyName,
  type EvidenceDemands,
  type ImagePolicy,
  type SignerRequirement,
} from './policy/image/image-policy.ts';
export { parsePolicyInput, type PolicyInput } from './policy/policy-input.ts';
export type { Rule, RuleRefusal } from './policy/rule.ts';
export { githubFields, type GithubField } from './policy/rules/github-rules.ts';
export type { PredicateRuleInput, Scalar } from './policy/rules/predicate-rules.ts';
export {
  IMAGE_SIGNATURE_TYPE,
  parsePredicateType,
  isPredicateTypeName,
  PREDICATE_TYPES,
  type PredicateTypeName,
} from './policy/rules/predicate-type-rules.ts';
export type { PolicySubject } from './policy/subject.ts';
export { renderVerdict, type RenderedVerdict, type RenderOptions } from './render/render-verdict.ts';
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
export { printable } from './text.ts';
export { assertVerified } from './assert-verified.ts';
export { verifyBundle } from './verify-bundle.ts';
export {
  bundleCandidate,
  claimedKind,
  embeddedBundleCandidate,
  legacyAttestationCandidate,
  legacyCandidate,
  type SignatureCandidate,
} from './candidate.ts';
export type { NamedTrustedRoot, Trust } from './trust-roots.ts';
export { verifyImageSignature, type ImageEvidence, type ImageVerdict } from './verify-image.ts';
export {
  judgeSignature,
  verifySignature,
  type SignatureJudgement,
  type SignatureVerdict,
} from './verify-signature.ts';
export { verifyImagePolicy, type PolicyVerdict } from './verify-image-policy.ts';
