/**
 * What was wrong with the evidence:
 * - `NO_SIGNATURES`: nothing to verify;
 * - `EVIDENCE_MALFORMED`: a signature whose parts cannot be read;
 * - `UNSUPPORTED`: evidence of a kind this verifier does not judge, which is therefore never accepted;
 * - `KEY_MISSING`, `CERTIFICATE_*`, `CHAIN_*`, `EXTENDED_KEY_USAGE`, `SCT_*`: step "certificate chain";
 * - `IDENTITY_*`: step "identity extraction";
 * - `ARTIFACT_DIGEST`, `SIGNATURE_INVALID`, `KEY_REVOKED`, `PAYLOAD_*`, `STATEMENT_*`: step "signature";
 * - `TIME_*`, `TIMESTAMP_*`, `LOG_*`, `SET_*`, `INTEGRATED_TIME`, `CHECKPOINT_*`, `INCLUSION_PROOF_*`, `BODY_*`: step "log entry".
 */
export type VerificationErrorCode =
  | 'NO_SIGNATURES'
  | 'EVIDENCE_MALFORMED'
  | 'UNSUPPORTED'
  | 'CERTIFICATE_MALFORMED'
  | 'CERTIFICATE_NOT_VALID'
  | 'CERTIFICATE_USAGE'
  | 'CHAIN_UNTRUSTED'
  | 'EXTENDED_KEY_USAGE'
  | 'SCT_MISSING'
  | 'SCT_MALFORMED'
  | 'SCT_INVALID'
  | 'IDENTITY_MISSING'
  | 'IDENTITY_AMBIGUOUS'
  | 'ARTIFACT_DIGEST'
  | 'SIGNATURE_INVALID'
  | 'PAYLOAD_MALFORMED'
  | 'PAYLOAD_TYPE'
  | 'PAYLOAD_DIGEST'
  | 'KEY_MISSING'
  | 'KEY_REVOKED'
  | 'CERTIFICATE_REVOKED'
  | 'STATEMENT_MALFORMED'
  | 'STATEMENT_SUBJECT'
  | 'TIME_MISSING'
  | 'TIMESTAMP_MALFORMED'
  | 'TIMESTAMP_UNTRUSTED'
  | 'TIMESTAMP_INVALID'
  | 'TIMESTAMP_MISSING'
  | 'TIMESTAMP_REPEATED'
  | 'LOG_ENTRY_MISSING'
  | 'LOG_ENTRY_REPEATED'
  | 'LOG_UNKNOWN'
  | 'LOG_NOT_VALID'
  | 'SET_UNEXPECTED'
  | 'SET_INVALID'
  | 'INTEGRATED_TIME'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_ORIGIN'
  | 'CHECKPOINT_MISMATCH'
  | 'INCLUSION_PROOF_MISSING'
  | 'INCLUSION_PROOF_INVALID'
  | 'BODY_MALFORMED'
  | 'BODY_HASH'
  | 'BODY_SIGNATURE'
  | 'BODY_KEY';

/** The evidence does not hold: whoever signed, this is not a valid signature of the artifact. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  readonly code: VerificationErrorCode;

  constructor(code: VerificationErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/**
 * - `POLICY_INVALID`: the policy itself cannot be used; `field` names the part;
 * - `IDENTITY_MISMATCH`, `ISSUER_MISMATCH`, `EXTENSION_MISMATCH`, `KEY_MISMATCH`: a sound signature by someone else;
 * - `ANNOTATION_MISMATCH`, `PREDICATE_TYPE_MISMATCH`, `PREDICATE_MISMATCH`, `ACTOR_MISMATCH`: by the right one, of something else;
 * - `ACTOR_UNKNOWN`: nothing signed says who started the build;
 * - `SIGNERS_MISSING`: too few different signers, of the image or of a required attestation.
 */
export type PolicyErrorCode =
  | 'POLICY_INVALID'
  | 'IDENTITY_MISMATCH'
  | 'ISSUER_MISMATCH'
  | 'EXTENSION_MISMATCH'
  | 'KEY_MISMATCH'
  | 'ANNOTATION_MISMATCH'
  | 'PREDICATE_TYPE_MISMATCH'
  | 'PREDICATE_MISMATCH'
  | 'ACTOR_MISMATCH'
  | 'ACTOR_UNKNOWN'
  | 'SIGNERS_MISSING';

/** The evidence may hold, but it is not what the policy asks for. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: PolicyErrorCode;
  /** Part of the policy, as a path: `identity`, `extensions.<name>`, `spec.signers.0.key`. */
  readonly field: string;

  constructor(code: PolicyErrorCode, field: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.field = field;
  }
}

/** Names of the error classes of the libraries the checks call; anything else is a defect and must surface as one. */
const EXPECTED = new Set([
  'EncodingError',
  'KeyError',
  'CryptoError',
  'MerkleError',
  'X509Error',
  'TlogError',
  'BundleError',
  'TrustError',
  'TimestampError',
]);

/**
 * Runs a call into another library and gives its refusal the code of the check that made it.
 *
 * @throws VerificationError with `code`, the library's error as cause; foreign errors pass through unchanged
 */
export function checked<T>(code: VerificationErrorCode, what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof Error) || !EXPECTED.has(cause.name)) throw cause;
    throw new VerificationError(code, `${what}: ${cause.message}`, { cause });
  }
}
