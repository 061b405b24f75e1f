import { expect } from '@jest/globals';
import { OciError, type OciErrorCode } from '../errors.ts';

/** The error of a failing operation, which must be an OciError of that code. */
export async function failure(work: Promise<unknown>, code: OciErrorCode): Promise<OciError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OciError);
  expect((error as OciError).code).toBe(code);
  return error as OciError;
}
