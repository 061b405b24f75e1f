import type { TransparencyLogEntry } from '@sigstead/bundle';
import type { TransparencyLogInstance, TrustedRoot } from '@sigstead/trust';
import { assertEntryKind } from './checks/body.ts';
import { assertLogValidAt, findLog } from './checks/log.ts';
import { verifySignedEntryTimestamp } from './checks/signed-entry-timestamp.ts';
import { VerificationError } from './errors.ts';

/** A time that a log of the trusted root vouches for. */
export interface SigningTime {
  readonly at: Date;
  readonly entry: TransparencyLogEntry;
  readonly log: TransparencyLogInstance;
}

/**
 * When the signature was made, by the word of the log and nothing else. It is needed before the log entry's own step, because
 * the chain is judged at this time; a refusal is kept and reported in the step it belongs to.
 */
export function judgeSigningTime(
  entry: TransparencyLogEntry | undefined,
  trustedRoot: TrustedRoot,
): SigningTime | VerificationError {
  try {
    if (entry === undefined) {
      throw new VerificationError('LOG_ENTRY_MISSING', 'the signature has no transparency log entry');
    }
    assertEntryKind(entry);
    const log = findLog(entry, trustedRoot);
    const at = verifySignedEntryTimestamp(entry, log);
    assertLogValidAt(log, at);
    return { at, entry, log };
  } catch (error) {
    if (error instanceof VerificationError) return error;
    throw error;
  }
}
