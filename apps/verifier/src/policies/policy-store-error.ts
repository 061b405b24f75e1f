import { HttpProblem } from '@sigstead/server';

/**
 * Why the stored policies do not give what was asked:
 * - `OFF`: this verifier has no database;
 * - `UNAVAILABLE`: the database cannot be reached, does not answer in time or does not let us;
 * - `NOT_FOUND`: no such policy, version or binding;
 * - `VERSION`: it is at another version than the caller thinks;
 * - `VERSION_UNSAID`: it exists, and the caller does not say which version is to be replaced;
 * - `BOUND`: a policy that a namespace is bound to cannot be taken away;
 * - `UNKNOWN_POLICY`: a binding names a policy that is not there;
 * - `FULL`: more than anybody needs.
 */
export type PolicyStoreErrorCode = keyof typeof STATUSES;

const STATUSES = {
  OFF: 501,
  UNAVAILABLE: 503,
  NOT_FOUND: 404,
  VERSION: 412,
  VERSION_UNSAID: 428,
  BOUND: 409,
  UNKNOWN_POLICY: 400,
  FULL: 409,
} as const;

export class PolicyStoreError extends Error {
  override readonly name = 'PolicyStoreError';
  readonly code: PolicyStoreErrorCode;
  /** Part of the request. */
  readonly field: string | undefined;

  constructor(
    code: PolicyStoreErrorCode,
    message: string,
    options: { cause?: unknown; field?: string } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }
}

const TYPES: Readonly<Record<PolicyStoreErrorCode, string>> = {
  OFF: 'named-policies-off',
  UNAVAILABLE: 'policies-unavailable',
  NOT_FOUND: 'unknown-policy',
  VERSION: 'version-mismatch',
  VERSION_UNSAID: 'version-required',
  BOUND: 'policy-bound',
  UNKNOWN_POLICY: 'unknown-policy',
  FULL: 'too-many',
};

export function explainStoreError(error: unknown): HttpProblem | undefined {
  if (!(error instanceof PolicyStoreError)) return undefined;
  const { code, message, field } = error;
  const options = { type: TYPES[code], cause: error, ...(field === undefined ? {} : { field }) };
  return new HttpProblem(STATUSES[code], message, options);
}
