import type { SignatureCandidate } from './candidate.ts';
import { VerificationError } from './errors.ts';
import { parseArtifactDigest } from './evidence/signature-evidence.ts';
import { decideImage, type ImageDecision } from './policy/image/decide-image.ts';
import type { EvidenceDemands, ImagePolicy } from './policy/image/image-policy.ts';
import type { Policy } from './policy.ts';
import type { VerificationOptions } from './steps/context.ts';
import type { ImageEvidence } from './verify-image.ts';
import type { NamedTrustedRoot } from './trust-roots.ts';
import { judgeSignature, type SignatureVerdict } from './verify-signature.ts';

/** What became of an image under a policy. JSON types only. */
export interface PolicyVerdict {
  readonly verified: boolean;
  readonly image: string;
  readonly digest: string;
  readonly decision: ImageDecision;
  /** Whether each holds by itself, whoever made it, in the order in which they were found. */
  readonly signatures: readonly SignatureVerdict[];
}

/**
 * Verifies every signature of an image, whoever made it, under what the policy demands of evidence, and has the policy decide on
 * those that hold.
 *
 * @param options what the policy does not say; what it says goes first
 * @throws VerificationError EVIDENCE_MALFORMED when the image's digest is none
 */
export function verifyImagePolicy(
  image: ImageEvidence,
  roots: readonly NamedTrustedRoot[],
  policy: ImagePolicy,
  options: VerificationOptions,
): PolicyVerdict {
  const artifact = parseArtifactDigest(image.digest);
  const counted = roots.filter(({ name }) => policy.trustRoots?.includes(name) ?? true);
  const demanded = withDemands(options, policy.demands);
  const judged = image.signatures.map((candidate) =>
    judgeSignature(candidate, artifact, counted, openPolicy(candidate, policy), demanded),
  );
  const verified = judged.flatMap(({ signature }) => signature ?? []);
  const fault = faultOf(policy, counted, options);
  const decision =
    fault === undefined ? decideImage(policy, verified) : { ...decideImage(policy, []), fault };
  return {
    verified: decision.satisfied,
    image: image.image,
    digest: image.digest,
    decision,
    signatures: judged.map(({ verdict }) => verdict),
  };
}

/** What keeps the policy from being met by any image. */
function faultOf(
  { trustRoots, demands }: ImagePolicy,
  counted: readonly NamedTrustedRoot[],
  { revocations }: VerificationOptions,
): string | undefined {
  if (counted.length === 0) return `there is no trusted root ${trustRoots?.join(' or ') ?? 'at all'} here`;
  if (demands.requireRevocationList === true && revocations === undefined) {
    return 'a list of revocations is required, and there is none at hand';
  }
  return undefined;
}

function withDemands(options: VerificationOptions, demands: EvidenceDemands): VerificationOptions {
  const stamps = demands.timestampThreshold ?? options.timestampThreshold ?? 0;
  return {
    ...options,
    requireInclusionProof: demands.requireInclusionProof ?? options.requireInclusionProof,
    logThreshold: demands.logThreshold ?? options.logThreshold,
    timestampThreshold: demands.requireTimestamp === true ? Math.max(1, stamps) : stamps,
  };
}

/** Takes whoever signed: by certificate, or by any key the policy knows of. Who counts is decided on all of them together. */
function openPolicy({ evidence }: SignatureCandidate, { keys }: ImagePolicy): Policy {
  const isBare = !(evidence instanceof VerificationError) && evidence.key.kind === 'public-key';
  return { rules: [], unanchored: [], keys: isBare ? keys : [] };
}
