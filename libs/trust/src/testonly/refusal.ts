import { TrustError } from '../errors.ts';

/** Code and path of the TrustError that `run` throws; any other error is thrown on. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TrustError)
      return error.path === undefined ? error.code : `${error.code} ${error.path}`;
    throw error;
  }
  return 'accepted';
}
