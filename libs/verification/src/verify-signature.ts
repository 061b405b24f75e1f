import type { TrustedRoot } from '@sigstead/trust';
import { VerificationError } from './errors.ts';
import {
  formatArtifactDigest,
  type ArtifactDigest,
  type SignatureEvidence,
} from './evidence/signature-evidence.ts';
import type { Policy } from './policy.ts';
import { checkCertificateChain } from './steps/certificate-chain.ts';
import type { Context, VerificationOptions } from './steps/context.ts';
import { checkIdentity } from './steps/identity-extraction.ts';
import { checkLogEntry } from './steps/log-entry.ts';
import { checkPolicy } from './steps/policy.ts';
import { checkSignature } from './steps/signature.ts';
import { StepRecord, type Finding, type Step } from './steps/step.ts';
import { printable } from './text.ts';

/** One signature found somewhere: its evidence, or why that could not be read. */
export interface SignatureCandidate {
  /** Where it was found, for the reader. */
  readonly source: string;
  readonly evidence: SignatureEvidence | VerificationError;
}

/** What became of one signature. */
export interface SignatureVerdict {
  readonly source: string;
  readonly verified: boolean;
  /** Seven, in order. */
  readonly steps: readonly Step[];
}

/**
 * The verification workflow for one signature, in its order. Each step takes what the steps it depends on have found, so after
 * the first failure the rest is skipped; nothing but seven passed steps is a verified signature.
 *
 * @param artifact digest of the image manifest or file
 */
export function verifySignature(
  candidate: SignatureCandidate,
  artifact: ArtifactDigest,
  trustedRoot: TrustedRoot,
  policy: Policy,
  options: VerificationOptions,
): SignatureVerdict {
  const context: Context = { artifact, trustedRoot, policy, options };
  const record = new StepRecord();
  const evidence = record.take('retrieval', candidate, (found) => retrieve(found, artifact));
  const link = record.take('certificate-chain', evidence, (given) => checkCertificateChain(given, context));
  const signer = record.take('identity-extraction', link, checkIdentity);
  const signed = record.take('signature', signer && link, (whose) => checkSignature(whose, context));
  const logged = record.take('log-entry', signed, (entry) => checkLogEntry(entry, context));
  record.take('policy', logged && signer, (who) =>
    checkPolicy({ signer: who, statement: undefined, annotations: {} }, policy),
  );
  const verified = record.conclude(`signed by ${printable(signer?.identity ?? 'nobody')}`);
  return { source: candidate.source, verified, steps: record.steps };
}

function retrieve(
  { evidence, source }: SignatureCandidate,
  artifact: ArtifactDigest,
): Finding<'retrieval', SignatureEvidence> {
  if (evidence instanceof VerificationError) throw evidence;
  return {
    reason: `signature read from ${source}`,
    evidence: { digest: formatArtifactDigest(artifact), signatures: 1 },
    value: evidence,
  };
}
