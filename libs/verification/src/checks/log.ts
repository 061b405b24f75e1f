import type { TransparencyLogEntry } from '@sigstead/bundle';
import { encodeHex, equalBytes } from '@sigstead/encoding';
import { isWithin, type TransparencyLogInstance, type TrustedRoot } from '@sigstead/trust';
import { VerificationError } from '../errors.ts';
import { describeValidity } from '../text.ts';

/**
 * The log of the trusted root the entry says it is in. When one key is listed for several periods, the one of the entry's time is
 * meant; that the time is true is another check's business.
 *
 * @returns LOG_UNKNOWN as a value when there is none: whether that matters depends on the other entries
 */
export function findLog(
  entry: TransparencyLogEntry,
  trustedRoot: TrustedRoot,
): TransparencyLogInstance | VerificationError {
  const claimed = new Date(Number(entry.integratedTimeSeconds) * 1000);
  const log = pickLog(trustedRoot.tlogs, entry.logId, claimed);
  if (log !== undefined) return log;
  return new VerificationError('LOG_UNKNOWN', `the trusted root knows no log ${encodeHex(entry.logId)}`);
}

/** The instance with this id that was trusted at that time, else any with this id. */
export function pickLog(
  logs: readonly TransparencyLogInstance[],
  logId: Uint8Array,
  at: Date,
): TransparencyLogInstance | undefined {
  const named = logs.filter((log) => equalBytes(log.logId, logId));
  return named.find(({ validFor }) => isWithin(validFor, at)) ?? named[0];
}

/**
 * The log's key must have been trusted when it made the entry; both ends of its window count as inside.
 *
 * @throws VerificationError LOG_NOT_VALID
 */
export function assertLogValidAt(log: TransparencyLogInstance, at: Date): void {
  if (isWithin(log.validFor, at)) return;
  throw new VerificationError(
    'LOG_NOT_VALID',
    `the log ${log.baseUrl} was not trusted at ${at.toISOString()}, only ${describeValidity(log.validFor)}`,
  );
}
