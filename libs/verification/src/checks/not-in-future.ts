import { VerificationError } from '../errors.ts';

/**
 * Nobody can have signed tomorrow.
 *
 * @param skewMs how far the clock of whoever tells the time may be ahead of ours
 * @throws VerificationError INTEGRATED_TIME
 */
export function assertNotInFuture(at: Date, now: Date, skewMs: number): void {
  if (at.getTime() <= now.getTime() + skewMs) return;
  throw new VerificationError(
    'INTEGRATED_TIME',
    `the time ${at.toISOString()} lies in the future, it is ${now.toISOString()}`,
  );
}
