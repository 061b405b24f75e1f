export { ManagedKeyError, type ManagedKeyErrorCode } from './errors.ts';
export { importPrivateKey, MAX_KEY_FILE_BYTES, openManagedKey, sealManagedKey } from './managed-key.ts';
export {
  DEFAULT_SIGNING_ALGORITHM,
  generateKey,
  signingAlgorithms,
  type SigningAlgorithm,
} from './signing-algorithm.ts';
