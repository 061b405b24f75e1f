/**
 * Why a key, a key description or a signer was refused:
 * - `KEY_MALFORMED`: not the one DER, PEM or JWK form this library reads;
 * - `KEY_UNSUPPORTED`: well formed, but of an algorithm, curve, size or form nobody here uses;
 * - `KEY_NOT_ON_CURVE`: coordinates outside the field or off the curve;
 * - `KEY_WEAK`: a key under which forging is or may be feasible;
 * - `KEY_PRIVATE`: a private key where a public one belongs;
 * - `KEY_ENCRYPTED`: a private key that the passphrase does not open;
 * - `KEY_DESTROYED`: an ephemeral key used after its end;
 * - `KEY_DETAILS`: a keyDetails name outside the registry, or a key no name exists for;
 * - `ALGORITHM`: an AlgorithmIdentifier outside the registry, or a digest that its hash did not make;
 * - `RANDOMNESS`: a source of randomness that cannot be one.
 */
export type KeyErrorCode =
  | 'KEY_MALFORMED'
  | 'KEY_UNSUPPORTED'
  | 'KEY_NOT_ON_CURVE'
  | 'KEY_WEAK'
  | 'KEY_PRIVATE'
  | 'KEY_ENCRYPTED'
  | 'KEY_DESTROYED'
  | 'KEY_DETAILS'
  | 'ALGORITHM'
  | 'RANDOMNESS';

/** The only error this library throws. Messages carry sizes and names, never key bytes or passphrases. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
