import { encodeHex, equalBytes } from '@sigstead/encoding';
import {
  noteVerifierOf,
  parseRekorOrigin,
  parseSignedNote,
  verifyCheckpoint,
  verifyCheckpointNote,
  type Checkpoint,
} from '@sigstead/tlog';
import type { TransparencyLogInstance } from '@sigstead/trust';
import { checked, VerificationError } from '../errors.ts';
import type { InclusionProof } from '../evidence/inclusion-proof.ts';

/**
 * The log's signature over its tree, then its name, then that the proof is for this very tree. Cosignatures of witnesses are passed over.
 *
 * @param isRekorV2 whether the log signs as C2SP tlog-checkpoint has it, under the origin; else as Rekor v1
 * @throws VerificationError CHECKPOINT_INVALID, CHECKPOINT_ORIGIN, CHECKPOINT_MISMATCH
 */
export function verifyProofCheckpoint(
  proof: InclusionProof,
  log: TransparencyLogInstance,
  isRekorV2: boolean,
): Checkpoint {
  const checkpoint = isRekorV2 ? verifyRekorV2(proof, log) : verifyRekorV1(proof, log);
  assertSameTree(checkpoint, proof);
  return checkpoint;
}

/** Origin and name of the key are the host name of the log's URL, without port. */
function verifyRekorV2({ checkpoint }: InclusionProof, log: TransparencyLogInstance): Checkpoint {
  return checked('CHECKPOINT_INVALID', 'checkpoint', () => {
    const key = noteVerifierOf(hostOf(log).hostname, log.key);
    const keyHint = log.checkpointKeyId?.subarray(0, 4) ?? key.keyHint;
    return verifyCheckpointNote(checkpoint, { ...key, keyHint });
  });
}

/**
 * One key may sign several trees of a log, but only of this log: `<host> - <tree id>`, signed under the same host. Some write their port
 * into it, and some no tree.
 */
function verifyRekorV1({ checkpoint: text }: InclusionProof, log: TransparencyLogInstance): Checkpoint {
  const { hostname, host } = hostOf(log);
  return checked('CHECKPOINT_INVALID', 'checkpoint', () => {
    const { signatures } = parseSignedNote(text);
    const name = signatures.some((signature) => signature.name === host) ? host : hostname;
    const checkpoint = verifyCheckpoint(text, log.key, name);
    const { origin } = checkpoint;
    if ((parseRekorOrigin(origin)?.hostname ?? origin) === name) return checkpoint;
    throw new VerificationError(
      'CHECKPOINT_ORIGIN',
      `checkpoint of ${JSON.stringify(origin.slice(0, 256))}, want one of the log ${name} or of a tree of it`,
    );
  });
}

function hostOf({ baseUrl }: TransparencyLogInstance): { hostname: string; host: string } {
  return URL.canParse(baseUrl) ? new URL(baseUrl) : { hostname: baseUrl, host: baseUrl };
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
