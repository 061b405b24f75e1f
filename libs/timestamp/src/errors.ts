import { EncodingError } from '@sigstead/encoding';

export type TimestampErrorCode =
  /** Not a request: neither TimeStampReq in DER nor the JSON form. */
  | 'MALFORMED'
  /** A JSON request of more bytes than are taken. */
  | 'TOO_LARGE'
  /** Policy identifier of more components than are taken. */
  | 'OID_COMPONENTS'
  /** SHA-1. */
  | 'WEAK_HASH'
  /** A hash nobody here knows. */
  | 'HASH_ALGORITHM'
  /** The digest is not as long as its hash makes it. */
  | 'DIGEST_LENGTH'
  /** A policy the authority does not issue under. */
  | 'POLICY'
  /** The request carries extensions. */
  | 'EXTENSION'
  /** The signer's certificates are not a path for timestamping, do not fit its key, or are not valid at the time. */
  | 'CHAIN'
  /** What should go into a timestamp does not fit: serial number, time or accuracy. */
  | 'PROFILE';

/**
 * Why no timestamp was made. For requests the message begins with the text that Sigstore's timestamp authority answers
 * with; where that text is the general one, the reason follows.
 */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
  readonly code: TimestampErrorCode;

  constructor(code: TimestampErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Upstream's text for every fault of a request that has none of its own. */
export const GENERAL_FAILURE = 'Error generating timestamp response';

/** A request that cannot be read. */
export function malformed(reason: string, options?: ErrorOptions): TimestampError {
  return new TimestampError('MALFORMED', `${GENERAL_FAILURE}: ${reason}`, options);
}

/** Runs a decoder of request bytes and gives its {@link EncodingError} this lib's class. */
export function decodingRequest<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof EncodingError) throw malformed(cause.message, { cause });
    throw cause;
  }
}
