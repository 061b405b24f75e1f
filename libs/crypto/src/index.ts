export { type CurveName } from './curves.ts';
export { type HashAlgorithm, digest, digestSize, isHashAlgorithm, sha256 } from './digest.ts';
export { type EcdsaSignature, encodeEcdsaSignature } from './ecdsa-signature.ts';
export { Ed25519PrehashedSigner } from './ed25519-prehashed-signer.ts';
export { EphemeralSigner } from './ephemeral-signer.ts';
export { KEY_DETAILS, type KeyDetails, defaultHash, keyDetailsOf, parseKeyDetails } from './key-details.ts';
export { KeyError, type KeyErrorCode } from './key-error.ts';
export type {
  EcParameters,
  Ed25519Parameters,
  KeyParameters,
  KeyType,
  RsaParameters,
} from './key-parameters.ts';
export { PrivateKeySigner } from './private-key-signer.ts';
export { PublicKey } from './public-key.ts';
export {
  type SignatureAlgorithm,
  type SignatureFamily,
  parseSignatureAlgorithm,
  signatureAlgorithmIdentifier,
  signatureFamily,
} from './signature-algorithm.ts';
export type { DigestSigner, Signer } from './signer.ts';
export { assertStrongKey } from './strong-key.ts';
export { verifyDigest, verifyMessage } from './verify.ts';
