/**
 * Why a key file was refused:
 * - `FORMAT`: not a PEM block with the JSON this library writes;
 * - `UNSUPPORTED`: another label, key derivation, cipher or strength;
 * - `PASSWORD`: the password does not open it, or somebody changed it;
 * - `KEY`: what is inside is no key that signs here.
 */
export type ManagedKeyErrorCode = 'FORMAT' | 'UNSUPPORTED' | 'PASSWORD' | 'KEY';

/** The only error of this library. Messages carry names and sizes, never key bytes or passwords. */
export class ManagedKeyError extends Error {
  override readonly name = 'ManagedKeyError';
  readonly code: ManagedKeyErrorCode;

  constructor(code: ManagedKeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
