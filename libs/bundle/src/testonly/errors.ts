import { BundleError } from '../errors.ts';

/** Code and path a call is refused with; anything but a BundleError fails the test with its own stack. */
export function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof BundleError) return `${error.code} ${error.path}`.trim();
    throw error;
  }
  return 'accepted';
}
