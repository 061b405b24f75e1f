import { EncodingError } from '@sigstead/encoding';

export type X509ErrorCode =
  /** Not a certificate, a name or a request in DER of the expected structure. */
  | 'MALFORMED'
  /** More bytes, extensions, names or timestamps than are taken. */
  | 'LIMIT'
  | 'DUPLICATE_EXTENSION'
  /** A known extension whose value has the wrong form. */
  | 'EXTENSION'
  /** The public key did not pass the gate of `@sigstead/crypto`. */
  | 'PUBLIC_KEY'
  /** What should be issued does not fit the certificate profile. */
  | 'PROFILE'
  /** Inner and outer algorithm differ, or it is unknown, or it does not fit the key. */
  | 'SIGNATURE_ALGORITHM'
  | 'SIGNATURE'
  /** No chain, or a chain that is too long. */
  | 'CHAIN'
  /** Issuer name and subject name are not the same bytes. */
  | 'ISSUER_NAME'
  /** Authority key identifier and subject key identifier differ. */
  | 'ISSUER_KEY_ID'
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'NOT_A_CA'
  /** A CA certificate where an end entity is wanted. */
  | 'IS_A_CA'
  | 'KEY_USAGE'
  | 'PATH_LENGTH'
  | 'EXTENDED_KEY_USAGE'
  | 'CRITICAL_EXTENSION'
  /** The last certificate is not self-issued. */
  | 'ROOT'
  /** Extensions .1 and .8 name different issuers. */
  | 'ISSUER_CONFLICT'
  /** Poison or SCT list absent, doubled or of the wrong form. */
  | 'PRECERTIFICATE'
  | 'SCT_MISSING'
  | 'SCT_MALFORMED'
  | 'SCT_LOG_ID'
  | 'SCT_ALGORITHM'
  | 'SCT_SIGNATURE';

/** Malformed or unacceptable certificate material. */
export class X509Error extends Error {
  override readonly name = 'X509Error';
  readonly code: X509ErrorCode;
  /** The certificate at fault, when one of several is. */
  readonly certificate: string | undefined;

  constructor(code: X509ErrorCode, message: string, options?: ErrorOptions & { certificate?: string }) {
    super(options?.certificate === undefined ? message : `${options.certificate}: ${message}`, options);
    this.code = code;
    this.certificate = options?.certificate;
  }
}

/** Runs a decoder and gives its {@link EncodingError} this lib's class, code and the name of what was read. */
export function decoding<T>(code: X509ErrorCode, what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof EncodingError) throw new X509Error(code, `${what}: ${cause.message}`, { cause });
    throw cause;
  }
}
