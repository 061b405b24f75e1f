export type TrustErrorCode =
  /** Not JSON. */
  | 'JSON'
  /** More bytes, nesting, elements or characters than are taken. */
  | 'LIMIT'
  | 'MEDIA_TYPE'
  | 'UNKNOWN_FIELD'
  | 'MISSING_FIELD'
  /** A field of the wrong JSON type, or a value outside its range. */
  | 'FIELD'
  | 'BASE64'
  /** A timestamp in the wrong form, a period that ends before it starts, a log without a start. */
  | 'VALIDITY'
  | 'HASH_ALGORITHM'
  /** The key did not pass the gate of `@sigstead/crypto`. */
  | 'KEY'
  /** Unknown keyDetails, or keyDetails of another key. */
  | 'KEY_DETAILS'
  | 'LOG_ID'
  | 'CERTIFICATE'
  /** No service, or not enough services, to choose from. */
  | 'SELECTION';

/** Malformed or unusable trust material. The message starts with the path of the field. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
  readonly code: TrustErrorCode;
  /** Such as `tlogs[0].publicKey.rawBytes`; undefined when the document as a whole is meant. */
  readonly path: string | undefined;

  constructor(code: TrustErrorCode, message: string, options?: ErrorOptions & { path?: string }) {
    const path = options?.path === '' ? undefined : options?.path;
    super(path === undefined ? message : `${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}
