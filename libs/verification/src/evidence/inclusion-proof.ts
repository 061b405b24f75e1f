import type { TransparencyLogEntry } from '@sigstead/bundle';
import type { SignatureEvidence } from './signature-evidence.ts';

export type InclusionProof = NonNullable<TransparencyLogEntry['inclusionProof']>;

/** The evidence with a proof fetched elsewhere. It is judged like one that came along: against the log's key. */
export function withInclusionProof(
  evidence: SignatureEvidence,
  inclusionProof: InclusionProof,
): SignatureEvidence {
  if (evidence.logEntry === undefined) return evidence;
  return { ...evidence, logEntry: { ...evidence.logEntry, inclusionProof } };
}

/** The evidence with a note for the verdict: why there is no proof. */
export function withoutInclusionProof(evidence: SignatureEvidence, reason: string): SignatureEvidence {
  return { ...evidence, proofMissing: reason };
}
