import { PolicyError, VerificationError } from '../errors.ts';

/** Code of the error a call is refused with; fails on any other error, and on success. */
export function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof VerificationError || error instanceof PolicyError) return error.code;
    throw error;
  }
  return 'accepted';
}
