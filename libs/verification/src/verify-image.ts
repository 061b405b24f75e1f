import type { SignatureCandidate } from './candidate.ts';
import { parseArtifactDigest } from './evidence/signature-evidence.ts';
import type { Policy } from './policy.ts';
import type { VerificationOptions } from './steps/context.ts';
import { stepNames, StepRecord, type Step } from './steps/step.ts';
import { count } from './text.ts';
import type { Trust } from './trust-roots.ts';
import { progressOf, verifySignature, type SignatureVerdict } from './verify-signature.ts';

/** An image as it was found in a registry, with every signature found beside it. */
export interface ImageEvidence {
  /** The reference that was asked for, for the reader. */
  readonly image: string;
  /** `sha256:<hex>` of its manifest, computed from the manifest. */
  readonly digest: string;
  readonly signatures: readonly SignatureCandidate[];
}

/** What became of an image. */
export interface ImageVerdict {
  readonly verified: boolean;
  readonly image: string;
  readonly digest: string;
  /** Seven: of the signature that decided, with retrieval and result of the image as a whole. */
  readonly steps: readonly Step[];
  /** All of them, in the order in which they were found. */
  readonly signatures: readonly SignatureVerdict[];
}

/**
 * Verifies an image: it is verified when at least one of its signatures satisfies everything by itself. Anybody who may write
 * to the registry can add signatures, so refused ones do no harm; they are reported.
 *
 * @throws VerificationError EVIDENCE_MALFORMED when `digest` is none
 */
export function verifyImageSignature(
  image: ImageEvidence,
  trust: Trust,
  policy: Policy,
  options: VerificationOptions,
): ImageVerdict {
  const artifact = parseArtifactDigest(image.digest);
  const signatures = image.signatures.map((candidate) =>
    verifySignature(candidate, artifact, trust, policy, options),
  );
  const verified = signatures.some((signature) => signature.verified);
  const steps = signatures.length === 0 ? unsigned(image) : summarize(image, signatures);
  return { verified, image: image.image, digest: image.digest, steps, signatures };
}

function unsigned({ digest }: ImageEvidence): readonly Step[] {
  const record = new StepRecord();
  record.add('retrieval', 'failed', `no signatures found for ${digest}`, { code: 'NO_SIGNATURES' });
  for (const name of stepNames) {
    if (name !== 'retrieval' && name !== 'result') record.skip(name);
  }
  record.conclude('');
  return record.steps;
}

/** A person wants one story: that of the signature that satisfies everything, or of the one that came closest. */
function summarize({ digest }: ImageEvidence, signatures: readonly SignatureVerdict[]): readonly Step[] {
  const decisive = signatures.reduce((best, next) => (progressOf(next) > progressOf(best) ? next : best));
  const passed = signatures.filter(({ verified }) => verified).length;
  return decisive.steps.map((step) => {
    if (step.name === 'retrieval' && step.outcome === 'passed') {
      return {
        ...step,
        reason: `image ${digest} has ${count(signatures.length, 'signature')}`,
        evidence: { digest, signatures: signatures.length },
      };
    }
    if (step.name !== 'result' || signatures.length === 1) return step;
    if (passed === 0)
      return { ...step, reason: `none of ${signatures.length} signatures; closest: ${step.reason}` };
    return {
      ...step,
      reason: `${step.reason} (${passed} of ${count(signatures.length, 'signature')} satisfied everything)`,
      evidence: { verifiedSignatures: passed, signatures: signatures.length },
    };
  });
}
