/**
 * What was refused:
 * - `JSON`: not JSON; `LIMIT`: larger, deeper or more numerous than allowed;
 * - `MEDIA_TYPE`: a bundle version not known here; `VERSION`: a field its version forbids or requires;
 * - `TYPE`: a JSON value of another type; `UNKNOWN_FIELD`, `DUPLICATE_FIELD`, `MISSING`, `ONE_OF`: fields that should not
 *   be there, are there in two spellings, are not there, or exclude each other;
 * - `INTEGER`, `ENUM`, `BASE64`, `LENGTH`: a value outside its domain;
 * - `CERTIFICATE`: a certificate that cannot be read; `ROOT_CERTIFICATE`: one that belongs in the trusted root.
 */
export type BundleErrorCode =
  | 'JSON'
  | 'LIMIT'
  | 'MEDIA_TYPE'
  | 'VERSION'
  | 'TYPE'
  | 'UNKNOWN_FIELD'
  | 'DUPLICATE_FIELD'
  | 'MISSING'
  | 'ONE_OF'
  | 'INTEGER'
  | 'ENUM'
  | 'BASE64'
  | 'LENGTH'
  | 'CERTIFICATE'
  | 'ROOT_CERTIFICATE';

/** The only error this library throws. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleErrorCode;
  /** Where, as in `verificationMaterial.tlogEntries[0].logIndex`; empty for the bundle as a whole. */
  readonly path: string;

  constructor(code: BundleErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(path === '' ? message : `${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}
