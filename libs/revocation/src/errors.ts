/**
 * Why a list of revocations is not taken or not made:
 * - `LIMIT`: larger or more numerous than allowed; `JSON`: not JSON, or not its canonical form;
 * - `UNKNOWN_FIELD`, `MISSING_FIELD`, `FIELD`: fields that should not be there, are not there, or hold something else;
 * - `PAYLOAD_TYPE`, `VERSION`: another kind of document, or a version not known here;
 * - `KEY_ID`, `SIGNATURE`: signed by another key, or not signed by it;
 * - `VALIDITY`: ends before it starts; `NOT_YET_VALID`, `EXPIRED`: made later than now, or no longer fresh;
 * - `ROLLBACK`: older than one that was seen.
 */
export type RevocationErrorCode =
  | 'LIMIT'
  | 'JSON'
  | 'UNKNOWN_FIELD'
  | 'MISSING_FIELD'
  | 'FIELD'
  | 'PAYLOAD_TYPE'
  | 'VERSION'
  | 'KEY_ID'
  | 'SIGNATURE'
  | 'VALIDITY'
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'ROLLBACK';

/** The only error this library throws. */
export class RevocationError extends Error {
  override readonly name = 'RevocationError';
  readonly code: RevocationErrorCode;

  constructor(code: RevocationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
