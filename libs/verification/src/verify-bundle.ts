import type { Bundle } from '@sigstead/bundle';
import { VerificationError } from './errors.ts';
import { evidenceFromBundle } from './evidence/bundle.ts';
import type { Artifact, SignatureEvidence } from './evidence/signature-evidence.ts';
import type { Policy } from './policy.ts';
import type { VerificationOptions } from './steps/context.ts';
import type { Trust } from './trust-roots.ts';
import { verifySignature, type SignatureVerdict } from './verify-signature.ts';

/**
 * Verifies a bundle of any version and content, offline.
 *
 * An inclusion proof is required, except that version 0.1 may come with the log's promise alone, as that version says.
 *
 * @param artifact the signed file, or what a statement is about: digests, computed by the caller from the file itself
 * @param now bounds the times of logs and authorities from above
 */
export function verifyBundle(
  bundle: Bundle,
  artifact: Artifact,
  trust: Trust,
  policy: Policy,
  now: Date,
  options: Omit<VerificationOptions, 'now'> = {},
): SignatureVerdict {
  const candidate = { source: `bundle of version ${bundle.version}`, evidence: read(bundle) };
  const requireInclusionProof = options.requireInclusionProof ?? bundle.version !== '0.1';
  return verifySignature(candidate, artifact, trust, policy, {
    ...options,
    requireInclusionProof,
    now,
  });
}

function read(bundle: Bundle): SignatureEvidence | VerificationError {
  try {
    return evidenceFromBundle(bundle);
  } catch (error) {
    if (error instanceof VerificationError) return error;
    throw error;
  }
}
