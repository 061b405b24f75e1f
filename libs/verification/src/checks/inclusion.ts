import type { TransparencyLogEntry } from '@sigstead/bundle';
import { hashLeaf, verifyInclusion } from '@sigstead/merkle';
import type { Checkpoint } from '@sigstead/tlog';
import { checked } from '../errors.ts';
import type { InclusionProof } from '../evidence/inclusion-proof.ts';

/**
 * The entry's own body is a leaf of the tree the log signed (RFC 6962 section 2.1.1).
 *
 * @throws VerificationError INCLUSION_PROOF_INVALID
 */
export function verifyEntryInclusion(
  entry: TransparencyLogEntry,
  proof: InclusionProof,
  checkpoint: Checkpoint,
): void {
  checked('INCLUSION_PROOF_INVALID', 'inclusion proof', () =>
    verifyInclusion(
      proof.logIndex,
      checkpoint.size,
      hashLeaf(entry.canonicalizedBody),
      proof.hashes,
      checkpoint.rootHash,
    ),
  );
}
