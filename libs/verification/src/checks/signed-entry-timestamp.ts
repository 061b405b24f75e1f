import type { TransparencyLogEntry } from '@sigstead/bundle';
import { encodeBase64, encodeHex } from '@sigstead/encoding';
import { isRekorV2Kind, verifySignedEntryTimestamp as verifyPayload } from '@sigstead/tlog';
import type { TransparencyLogInstance } from '@sigstead/trust';
import { checked, VerificationError } from '../errors.ts';

/** Year 9999, the last one X.509 and ISO 8601 can write. */
const LAST_SECOND = 253_402_300_799n;

/**
 * The log's promise that it took the entry, and when: a signature over RFC 8785 of body, time, log id and index (Rekor v1).
 * Only this makes the integrated time a fact instead of a claim.
 *
 * @returns the integrated time; undefined without a promise, whatever time the entry claims
 * @throws VerificationError SET_INVALID, INTEGRATED_TIME when the signed time is no date; SET_UNEXPECTED for an entry of Rekor v2, whose
 *   logs promise nothing and tell no time
 */
export function verifySignedEntryTimestamp(
  entry: TransparencyLogEntry,
  log: TransparencyLogInstance,
): Date | undefined {
  const { inclusionPromise } = entry;
  if (isRekorV2Kind(entry.kind, entry.kindVersion)) {
    if (inclusionPromise === undefined && entry.integratedTimeSeconds === 0n) return undefined;
    throw new VerificationError(
      'SET_UNEXPECTED',
      `the entry is of Rekor v2 (${entry.kind} ${entry.kindVersion}) and comes with a promise or time of Rekor v1`,
    );
  }
  if (inclusionPromise === undefined) return undefined;
  const payload = {
    body: encodeBase64(entry.canonicalizedBody),
    integratedTime: Number(entry.integratedTimeSeconds),
    logId: encodeHex(entry.logId),
    logIndex: Number(entry.logIndex),
  };
  checked('SET_INVALID', 'signed entry timestamp', () => verifyPayload(payload, inclusionPromise, log.key));
  return integratedTime(entry);
}

function integratedTime({ integratedTimeSeconds }: TransparencyLogEntry): Date {
  if (integratedTimeSeconds <= 0n || integratedTimeSeconds > LAST_SECOND) {
    throw new VerificationError(
      'INTEGRATED_TIME',
      `integrated time ${integratedTimeSeconds} is no usable time`,
    );
  }
  return new Date(Number(integratedTimeSeconds) * 1000);
}
