import { MerkleError } from '../merkle-error.ts';
import type { MerkleErrorCode } from '../merkle-error.ts';

/**
 * Code of the MerkleError that `run` throws, undefined when it accepts; anything else it throws is a bug and
 * passes through.
 */
export function refusal(run: () => unknown): MerkleErrorCode | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof MerkleError) return error.code;
    throw error;
  }
}
