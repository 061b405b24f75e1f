import type { TransparencyLogEntry } from '@sigstead/bundle';
import type { SignatureEvidence } from './signature-evidence.ts';

export type InclusionProof = NonNullable<TransparencyLogEntry['inclusionProof']>;

/** The evidence with a proof fetched elsewhere. It is judged like one that came along: against the log's key. */
export function withInclusionProof(
  evidence: SignatureEvidence,
  entry: TransparencyLogEntry,
  inclusionProof: InclusionProof,
): SignatureEvidence {
  const logEntries = evidence.logEntries.map((one) => (one === entry ? { ...one, inclusionProof } : one));
  return { ...evidence, logEntries };
}

/** The evidence with a note for the verdict: why there is no proof. */
export function withoutInclusionProof(evidence: SignatureEvidence, reason: string): SignatureEvidence {
  return { ...evidence, proofMissing: reason };
}
