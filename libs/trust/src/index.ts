export {
  CLIENT_TRUST_CONFIG_MEDIA_TYPE,
  parseClientTrustConfig,
  serializeClientTrustConfig,
  type ClientTrustConfig,
} from './client-trust-config.ts';
export { TrustError, type TrustErrorCode } from './errors.ts';
export { countOperators } from './operator.ts';
export { selectServices } from './select-services.ts';
export {
  parseSigningConfig,
  serializeSigningConfig,
  SIGNING_CONFIG_MEDIA_TYPE,
  type Service,
  type ServiceConfiguration,
  type SigningConfig,
} from './signing-config.ts';
export {
  parseTrustedRoot,
  serializeTrustedRoot,
  TRUSTED_ROOT_MEDIA_TYPE,
  type CertificateAuthority,
  type TransparencyLogInstance,
  type TrustedRoot,
} from './trusted-root.ts';
export { isWithin, type Validity } from './validity.ts';
