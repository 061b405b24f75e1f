import { EncodingError } from '@sigstead/encoding';
import { KeyError } from '@sigstead/crypto';
import { X509Error } from '../errors.ts';

/** Code of the X509Error that `run` throws; any other outcome is passed on or reported as text. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof X509Error) return error.code;
    throw error;
  }
  return 'accepted';
}

/** As {@link refusal}, for a promise. */
export async function asyncRefusal(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof X509Error) return error.code;
    throw error;
  }
  return 'accepted';
}

/** Whether it returns or throws one of the errors malformed input may cause; anything else is thrown on. */
export function isOrderly(run: () => unknown): boolean {
  try {
    run();
  } catch (error) {
    if (error instanceof X509Error || error instanceof EncodingError || error instanceof KeyError)
      return true;
    throw error;
  }
  return true;
}
