import { RevocationError } from './errors.ts';
import { formatDate } from './payload.ts';
import type { RevocationList } from './revocation.ts';

/** How far the clock of whoever made the list may be ahead. */
const SKEW_MS = 5 * 60_000;

/**
 * Whether a list, however well signed, may be relied on now. Both rules fail closed: who keeps a newer list from a verifier must not
 * be able to make it trust what was revoked.
 *
 * @param seenSequence the highest sequence accepted so far, kept across restarts; undefined at the first list
 * @throws RevocationError NOT_YET_VALID, EXPIRED, ROLLBACK
 */
export function assertFresh(list: RevocationList, now: Date, seenSequence?: number): void {
  assertNotFromTheFuture(list, now);
  assertNotExpired(list, now);
  assertNoRollback(list, seenSequence);
}

function assertNotFromTheFuture({ issuedAt }: RevocationList, now: Date): void {
  if (issuedAt.getTime() <= now.getTime() + SKEW_MS) return;
  throw new RevocationError(
    'NOT_YET_VALID',
    `list was made at ${formatDate(issuedAt)}, and now is ${formatDate(now)}`,
  );
}

function assertNotExpired({ nextUpdate }: RevocationList, now: Date): void {
  if (now.getTime() < nextUpdate.getTime()) return;
  throw new RevocationError(
    'EXPIRED',
    `list was good until ${formatDate(nextUpdate)}, and now is ${formatDate(now)}`,
  );
}

function assertNoRollback({ sequence }: RevocationList, seenSequence: number | undefined): void {
  if (seenSequence === undefined || sequence >= seenSequence) return;
  throw new RevocationError(
    'ROLLBACK',
    `list has the sequence ${sequence}, and one with ${seenSequence} was seen before`,
  );
}
