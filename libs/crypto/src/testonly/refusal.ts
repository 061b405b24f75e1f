import { KeyError } from '../key-error.ts';
import type { KeyErrorCode } from '../key-error.ts';

/**
 * Code of the KeyError that `run` throws, undefined when it accepts; anything else it throws is a bug and passes
 * through.
 */
export function refusal(run: () => unknown): KeyErrorCode | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof KeyError) return error.code;
    throw error;
  }
}
