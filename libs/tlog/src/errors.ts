/**
 * What was refused:
 * - `NOTE`: a signed note that breaks the C2SP grammar; `CHECKPOINT`: a note body that is no checkpoint;
 * - `SIGNER`: a signing key the log format has no place for; `NO_SIGNATURE`: no line by the expected key;
 * - `SIGNATURE`: a signature that does not verify; `VERIFIER_KEY`: a malformed vkey or a key its type has no place for;
 * - `WITNESS`: what a witness was sent or answers breaks the protocol; `WITNESS_POLICY`: a malformed policy of witnesses;
 * - `SET`: fields a signed entry timestamp cannot cover; `ENTRY_ID`, `TREE_ID`: malformed entry identifiers;
 * - `LIMIT`: larger or deeper than allowed; `JSON`: not a JSON object; `NOT_CANONICAL`: a body that is not RFC 8785;
 * - `KIND_MISSING`, `KIND_UNKNOWN`, `KIND_UNSUPPORTED`, `API_VERSION_MISSING`, `API_VERSION`, `SPEC_MISSING`, `VERSION_UNSUPPORTED`:
 *   an entry of no type known here;
 * - `SPEC`: an entry whose fields break its type's schema; `VERIFIER`: its key or certificate is malformed or refused;
 * - `NOT_INSERTABLE`: an entry in its stored form, without what its signatures are over;
 * - `ALGORITHM_POLICY`, `KIND_POLICY`, `SIGNER_POLICY`: sound evidence the log does not admit, always an {@link EntryPolicyError};
 * - `CT`: malformed certificate-transparency structures.
 */
export type TlogErrorCode =
  | 'NOTE'
  | 'CHECKPOINT'
  | 'SIGNER'
  | 'NO_SIGNATURE'
  | 'SIGNATURE'
  | 'VERIFIER_KEY'
  | 'WITNESS'
  | 'WITNESS_POLICY'
  | 'SET'
  | 'ENTRY_ID'
  | 'TREE_ID'
  | 'LIMIT'
  | 'JSON'
  | 'NOT_CANONICAL'
  | 'KIND_MISSING'
  | 'KIND_UNKNOWN'
  | 'KIND_UNSUPPORTED'
  | 'API_VERSION_MISSING'
  | 'API_VERSION'
  | 'SPEC_MISSING'
  | 'VERSION_UNSUPPORTED'
  | 'SPEC'
  | 'VERIFIER'
  | 'NOT_INSERTABLE'
  | EntryPolicyCode
  | 'CT';

/** Which rule of the log an entry breaks. */
export type EntryPolicyCode = 'ALGORITHM_POLICY' | 'KIND_POLICY' | 'SIGNER_POLICY';

export interface TlogErrorOptions extends ErrorOptions {
  /** Dotted path of the offending field inside the entry, such as `data.hash.value`. */
  readonly field?: string;
}

/** The only kind of error this library throws. */
export class TlogError extends Error {
  override readonly name: string = 'TlogError';
  readonly code: TlogErrorCode;
  readonly field: string | undefined;

  constructor(code: TlogErrorCode, message: string, options: TlogErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }
}

/** Sound evidence that the log's policy does not admit: apart from {@link TlogError}s, which mean bad evidence. */
export class EntryPolicyError extends TlogError {
  override readonly name = 'EntryPolicyError';

  constructor(code: EntryPolicyCode, message: string) {
    super(code, message);
  }
}
