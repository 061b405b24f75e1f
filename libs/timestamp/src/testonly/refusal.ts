import { TimestampError, type TimestampErrorCode } from '../errors.ts';

/** The TimestampError that `run` throws or rejects with; any other outcome is passed on or reported. */
export async function refusal(run: () => unknown): Promise<TimestampError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof TimestampError) return error;
    throw error;
  }
  throw new Error('accepted');
}

/** Code of the {@link refusal}. */
export async function refusalCode(run: () => unknown): Promise<TimestampErrorCode> {
  return (await refusal(run)).code;
}
