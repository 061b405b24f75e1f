import type { TransparencyLogEntry } from '@sigstead/bundle';
import {
  entriesWithoutProof,
  VerificationError,
  withInclusionProof,
  withoutInclusionProof,
  type SignatureCandidate,
  type SignatureEvidence,
  type Trust,
} from '@sigstead/verification';
import type { ProofAnswer } from './log-proofs.ts';

/** Whoever may have the proof of an entry. Never fails: not to have it is an answer. */
export interface ProofSource {
  find(entry: TransparencyLogEntry, signal: AbortSignal): Promise<ProofAnswer>;
}

/**
 * Adds the inclusion proofs that signatures came without, or why there are none. Only entries whose promise holds are worth a
 * request: anybody can put signatures into a registry.
 *
 * @param signal ends the questions; what was not answered by then has no proof
 */
export async function completeWithProofs(
  candidates: readonly SignatureCandidate[],
  trust: Trust,
  proofs: ProofSource,
  signal: AbortSignal,
): Promise<SignatureCandidate[]> {
  const completed: SignatureCandidate[] = [];
  for (const candidate of candidates) {
    const { evidence, source } = candidate;
    completed.push(
      evidence instanceof VerificationError
        ? candidate
        : { source, evidence: await complete(evidence, trust, proofs, signal) },
    );
  }
  return completed;
}

async function complete(
  evidence: SignatureEvidence,
  trust: Trust,
  proofs: ProofSource,
  signal: AbortSignal,
): Promise<SignatureEvidence> {
  let completed = evidence;
  for (const entry of entriesWithoutProof(evidence, trust)) {
    const answer = await proofs.find(entry, signal);
    completed =
      'proof' in answer
        ? withInclusionProof(completed, entry, answer.proof)
        : withoutInclusionProof(completed, answer.missing);
  }
  return completed;
}
