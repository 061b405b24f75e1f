/**
 * Why a repository is not followed:
 * - `MALFORMED`: no metadata of the role it should be of; `LIMIT`: more bytes, values or new roots than are taken;
 * - `SIGNATURES`: not signed by enough keys of the role;
 * - `VERSION`: older than what was seen (a rollback), or another version than was signed for;
 * - `MISMATCH`: length or hash are not those that were signed;
 * - `EXPIRED`: no longer valid: nobody has renewed it, or somebody keeps the renewed one away (a freeze);
 * - `TARGET`: a file the repository does not vouch for;
 * - `UNREACHABLE`, `TIMEOUT`, `STATUS`: the mirror did not answer, not in time, or not with the file.
 */
export type TufErrorCode =
  | 'MALFORMED'
  | 'LIMIT'
  | 'SIGNATURES'
  | 'VERSION'
  | 'MISMATCH'
  | 'EXPIRED'
  | 'TARGET'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'STATUS';

/** The only error this library throws. */
export class TufError extends Error {
  override readonly name = 'TufError';
  readonly code: TufErrorCode;

  constructor(code: TufErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
