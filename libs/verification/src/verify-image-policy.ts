import type { TrustedRoot } from '@sigstead/trust';
import { VerificationError } from './errors.ts';
import { parseArtifactDigest, type Artifact } from './evidence/signature-evidence.ts';
import { decideImage, type ImageDecision, type VerifiedSignature } from './policy/image/decide-image.ts';
import type { EvidenceDemands, ImagePolicy } from './policy/image/image-policy.ts';
import type { Policy } from './policy.ts';
import type { VerificationOptions } from './steps/context.ts';
import type { ImageEvidence } from './verify-image.ts';
import { examineSignature, type SignatureCandidate, type SignatureVerdict } from './verify-signature.ts';

/** One of several trusted roots side by side. */
export interface NamedTrustedRoot {
  readonly name: string;
  readonly root: TrustedRoot;
}

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
  const examined = image.signatures.map((candidate) =>
    examine(candidate, artifact, counted, policy, demanded),
  );
  const verified = examined.flatMap((one) => one.verified ?? []);
  const fault = faultOf(policy, counted, options);
  const decision =
    fault === undefined ? decideImage(policy, verified) : { ...decideImage(policy, []), fault };
  return {
    verified: decision.satisfied,
    image: image.image,
    digest: image.digest,
    decision,
    signatures: examined.map(({ verdict }) => verdict),
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

interface Examined {
  readonly verdict: SignatureVerdict;
  readonly verified: VerifiedSignature | undefined;
}

/** By the first trusted root under which it holds; else what came of the first. */
function examine(
  candidate: SignatureCandidate,
  artifact: Artifact,
  roots: readonly NamedTrustedRoot[],
  policy: ImagePolicy,
  options: VerificationOptions,
): Examined {
  const open = openPolicy(candidate, policy);
  let first: Examined | undefined;
  for (const { name, root } of roots) {
    const { verdict, verified } = examineSignature(candidate, artifact, root, open, options);
    if (verified === undefined) {
      first ??= { verdict, verified };
      continue;
    }
    const { subject, publicKey: key } = verified;
    return { verdict, verified: { source: candidate.source, subject, key, trustRoot: name } };
  }
  return first ?? { verdict: { source: candidate.source, verified: false, steps: [] }, verified: undefined };
}

/** Takes whoever signed: by certificate, or by any key the policy knows of. Who counts is decided on all of them together. */
function openPolicy({ evidence }: SignatureCandidate, { keys }: ImagePolicy): Policy {
  const isBare = !(evidence instanceof VerificationError) && evidence.key.kind === 'public-key';
  return { rules: [], unanchored: [], keys: isBare ? keys : [] };
}
