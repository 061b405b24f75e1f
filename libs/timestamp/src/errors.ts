import { EncodingError } from '@sigstead/encoding';

/** Why no timestamp was made. */
export type TimestampIssuanceErrorCode =
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

/** Why a timestamp is not accepted. */
export type TimestampVerificationErrorCode =
  /** Not a TimeStampResp in DER, or one with a field of the wrong form. */
  | 'MALFORMED'
  /** More bytes than are taken. */
  | 'TOO_LARGE'
  /** The authority did not grant the request, or granted another one. */
  | 'STATUS'
  /** What is signed is no TSTInfo, or does not say so. */
  | 'CONTENT_TYPE'
  /** Signed data outside of the profile: version, number of signers, what nobody signed. */
  | 'SIGNED_DATA'
  /** A signed attribute is absent, stands twice or out of order. */
  | 'SIGNED_ATTRIBUTES'
  | 'WEAK_HASH'
  | 'HASH_ALGORITHM'
  /** The imprint is not as long as its hash makes it. */
  | 'DIGEST_LENGTH'
  /** Unknown, not of the digest's hash, or not of the signer's key. */
  | 'SIGNATURE_ALGORITHM'
  /** A critical extension of the TSTInfo: nothing here knows any. */
  | 'EXTENSION'
  /** Signed by another certificate than the authority's. */
  | 'SIGNER'
  /** The certificates that come along are without the signer's, or have another in its place. */
  | 'EMBEDDED_CERTIFICATE'
  /** A timestamp of something else. */
  | 'IMPRINT'
  /** The signed digest is not that of the TSTInfo. */
  | 'MESSAGE_DIGEST'
  /** The signed certificate identifier is absent or names another certificate. */
  | 'SIGNING_CERTIFICATE'
  /** Signed outside of the validity of the signer's certificate. */
  | 'SIGNING_TIME'
  /** The authority's certificates are not a path for timestamping, or not valid at the time. */
  | 'CHAIN'
  | 'SIGNATURE';

export type TimestampErrorCode = TimestampIssuanceErrorCode | TimestampVerificationErrorCode;

/**
 * Why no timestamp was made, or why one is not accepted. For requests the message begins with the text that Sigstore's
 * timestamp authority answers with; where that text is the general one, the reason follows.
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

/** Runs a decoder of a timestamp and gives its {@link EncodingError} this lib's class. */
export function decodingTimestamp<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof EncodingError) throw malformedTimestamp(cause.message, { cause });
    throw cause;
  }
}

/** A timestamp that cannot be read. */
export function malformedTimestamp(reason: string, options?: ErrorOptions): TimestampError {
  return new TimestampError('MALFORMED', `timestamp: ${reason}`, options);
}
