import { encodeHex, equalBytes } from '@sigstead/encoding';
import { parseRekorOrigin, verifyCheckpoint, type Checkpoint } from '@sigstead/tlog';
import type { TransparencyLogInstance } from '@sigstead/trust';
import { checked, VerificationError } from '../errors.ts';
import type { InclusionProof } from '../evidence/inclusion-proof.ts';

/**
 * The log's signature over its tree, then its name, then that the proof is for this very tree.
 *
 * @throws VerificationError CHECKPOINT_INVALID, CHECKPOINT_ORIGIN, CHECKPOINT_MISMATCH
 */
export function verifyProofCheckpoint(proof: InclusionProof, log: TransparencyLogInstance): Checkpoint {
  const hostname = hostnameOf(log);
  const checkpoint = checked('CHECKPOINT_INVALID', 'checkpoint', () =>
    verifyCheckpoint(proof.checkpoint, log.key, hostname),
  );
  assertOrigin(checkpoint, hostname);
  assertSameTree(checkpoint, proof);
  return checkpoint;
}

/** A Rekor v1 log signs under its host name, without port, and names its trees by it. */
function hostnameOf({ baseUrl }: TransparencyLogInstance): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).hostname : baseUrl;
}

/** One key may sign several trees of a log, but only of this log: `<host> - <tree id>` (Rekor v1). */
function assertOrigin({ origin }: Checkpoint, hostname: string): void {
  if (parseRekorOrigin(origin)?.hostname === hostname) return;
  throw new VerificationError(
    'CHECKPOINT_ORIGIN',
    `checkpoint of ${JSON.stringify(origin)}, want one of a Rekor v1 tree of ${hostname}`,
  );
}

function assertSameTree(checkpoint: Checkpoint, proof: InclusionProof): void {
  if (checkpoint.size !== proof.treeSize) {
    throw new VerificationError(
      'CHECKPOINT_MISMATCH',
      `inclusion proof for a tree of ${proof.treeSize} leaves, the checkpoint has ${checkpoint.size}`,
    );
  }
  if (!equalBytes(checkpoint.rootHash, proof.rootHash)) {
    throw new VerificationError(
      'CHECKPOINT_MISMATCH',
      `inclusion proof for root ${encodeHex(proof.rootHash)}, the checkpoint has ${encodeHex(checkpoint.rootHash)}`,
    );
  }
}
