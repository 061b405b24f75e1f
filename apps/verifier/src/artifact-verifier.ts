import {
  formatArtifactDigest,
  requireImageSignature,
  verifySignature,
  type Artifact,
  type Policy,
  type SignatureCandidate,
  type SignatureVerdict,
  type Step,
} from '@sigstead/verification';
import type { VerifierConfig } from './config.ts';
import type { VerdictMetrics } from './verdicts/verdict-metrics.ts';
import type { VerifierTrust } from './verifier-trust.ts';

export interface ArtifactVerifierParts {
  readonly trust: VerifierTrust;
  readonly clock: () => Date;
  readonly metrics: VerdictMetrics;
  readonly config: Pick<VerifierConfig, 'requireInclusionProof'>;
}

/** What became of an artifact and the bundle that came with it. */
export interface ArtifactVerdict {
  readonly verified: boolean;
  /** `sha256:<hex>` */
  readonly digest: string;
  /** Seven, in order. */
  readonly steps: readonly Step[];
  readonly signatures: readonly [SignatureVerdict];
}

/** Judges bundles of artifacts that are known by their digests. Nothing is dialled: a bundle brings everything along. */
export class ArtifactVerifier {
  readonly #parts: ArtifactVerifierParts;

  constructor(parts: ArtifactVerifierParts) {
    this.#parts = parts;
  }

  verify(candidate: SignatureCandidate, artifact: Artifact, policy: Policy): ArtifactVerdict {
    const { trust, clock, metrics, config } = this.#parts;
    // Whoever attests that a file is full of holes has not approved it.
    const verdict = verifySignature(candidate, artifact, trust.roots(), requireImageSignature(policy), {
      now: clock(),
      requireInclusionProof: config.requireInclusionProof,
      revocations: trust.revocations(),
    });
    metrics.count('artifact', verdict, false);
    return {
      verified: verdict.verified,
      digest: formatArtifactDigest(artifact),
      steps: verdict.steps,
      signatures: [verdict],
    };
  }
}
