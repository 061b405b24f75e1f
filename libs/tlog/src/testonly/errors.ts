import { TlogError } from '../errors.ts';

/** The code a call is refused with; anything but a TlogError fails the test with its own stack. */
export function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof TlogError) return error.code;
    throw error;
  }
  return 'accepted';
}

export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TlogError) return error.code;
    throw error;
  }
  return 'accepted';
}
