import { encodeHex } from '@sigstead/encoding';
import { assertBodyBinds, readEntryBody } from '../checks/body.ts';
import { verifyProofCheckpoint } from '../checks/checkpoint.ts';
import { verifyEntryInclusion } from '../checks/inclusion.ts';
import { assertNotInFuture, assertWithinCertificate } from '../checks/integrated-time.ts';
import { VerificationError } from '../errors.ts';
import type { SignatureEvidence } from '../evidence/signature-evidence.ts';
import type { SigningTime } from '../signing-time.ts';
import type { Context, SignedLink, VerificationOptions } from './context.ts';
import type { Finding } from './step.ts';
import type { InclusionFacts } from './step-evidence.ts';

const DEFAULT_CLOCK_SKEW_MS = 60_000;

/** Step 5: promise and its time, what the entry is about, proof. */
export function checkLogEntry(
  { evidence, certificate, time, signed }: SignedLink,
  { options }: Context,
): Finding<'log-entry', true> {
  if (time instanceof VerificationError) throw time;
  const { at, log, entry } = time;
  assertWithinCertificate(certificate, at);
  assertNotInFuture(at, options.now, options.clockSkewMs ?? DEFAULT_CLOCK_SKEW_MS);
  const body = readEntryBody(entry);
  assertBodyBinds(body, { signed, signature: evidence.signature, certificate });
  const inclusionProof = checkInclusion(evidence, time, options);
  return {
    reason: `entry ${entry.logIndex} of ${log.baseUrl}, ${at.toISOString()}: ${describeInclusion(evidence, inclusionProof)}`,
    evidence: {
      log: log.baseUrl,
      logId: encodeHex(log.logId),
      logIndex: entry.logIndex.toString(),
      kind: `${entry.kind} ${entry.kindVersion}`,
      integratedTime: at.toISOString(),
      inclusionPromise: true,
      ...(inclusionProof && { inclusionProof }),
    },
    value: true,
  };
}

function checkInclusion(
  { proofMissing }: SignatureEvidence,
  { entry, log }: SigningTime,
  { requireInclusionProof = true }: VerificationOptions,
): InclusionFacts | undefined {
  const proof = entry.inclusionProof;
  if (proof === undefined) {
    if (!requireInclusionProof) return undefined;
    throw new VerificationError(
      'INCLUSION_PROOF_MISSING',
      `the log's inclusion promise (signed entry timestamp) holds, but an inclusion proof is required and ` +
        `${proofMissing ?? 'none came with the signature'}`,
    );
  }
  const checkpoint = verifyProofCheckpoint(proof, log);
  verifyEntryInclusion(entry, proof, checkpoint);
  return {
    leafIndex: proof.logIndex.toString(),
    treeSize: checkpoint.size.toString(),
    hashes: proof.hashes.length,
    rootHash: encodeHex(checkpoint.rootHash),
    checkpointOrigin: checkpoint.origin,
  };
}

function describeInclusion({ proofMissing }: SignatureEvidence, proof: InclusionFacts | undefined): string {
  const promise = 'inclusion promise (signed entry timestamp) verified';
  if (proof !== undefined) return `${promise}, inclusion proved in a signed tree of ${proof.treeSize}`;
  return `${promise}, inclusion proof skipped: not required, and ${proofMissing ?? 'none came with the signature'}`;
}
