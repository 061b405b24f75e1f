import type { OciError } from '@sigstead/oci';
import { SigningError } from '@sigstead/signing';
import type { RecordedOutcome } from '../record/audit-record.ts';
import type { SignedPiece } from './answer.ts';
import { nameOf, type SigningOrder } from './order.ts';
import { digestOfPiece } from './resolve.ts';

/** An artifact that was not signed, or not all of it. */
export interface Failure {
  readonly artifact: number;
  readonly error: SigningError | OciError;
  /** Of the piece, where that was known. */
  readonly digest: string | undefined;
}

/** Rows for the record: one for each signature that is in the log, one for each failure. */
export function outcomeRows(
  order: SigningOrder,
  signed: readonly { readonly artifact: number; readonly piece: SignedPiece }[],
  failures: readonly Failure[],
): RecordedOutcome[] {
  const named = (artifact: number) => {
    const wish = order.artifacts[artifact];
    return { position: artifact, artifact: wish === undefined ? '' : nameOf(wish) };
  };
  return [
    ...signed.flatMap(({ artifact, piece: { piece, made } }) =>
      made.flatMap(({ form, signature, predicateType, layer, referrer }) =>
        signature.logged.map(({ entry }): RecordedOutcome => ({
          ...named(artifact),
          digest: digestOfPiece(piece),
          outcome: 'signed',
          form,
          predicateType,
          logId: entry.logId,
          logIndex: entry.logIndex,
          storedAs: referrer?.digest ?? layer?.digest,
        })),
      ),
    ),
    ...failures.map(({ artifact, error, digest }): RecordedOutcome => ({
      ...named(artifact),
      digest,
      outcome: 'failed',
      step: error instanceof SigningError ? error.step : 'resolve',
      reason: error.message,
    })),
  ];
}
