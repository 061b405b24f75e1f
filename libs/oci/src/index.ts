export type { Credentials } from './authorization.ts';
export {
  BUNDLE_LIMITS,
  readBundleReferrers,
  type BundleLimits,
  type BundleReferrer,
} from './bundle-referrer.ts';
export { digestHex, digestOf, isDigest, parseDigest } from './digest.ts';
export { OciError, type OciErrorCode } from './errors.ts';
export type { Fetch } from './exchange.ts';
export { isLoopbackHost } from './hosts.ts';
export {
  childForPlatform,
  MAX_CHILDREN,
  readIndexChildren,
  readManifestTree,
  type IndexChild,
} from './index-children.ts';
export {
  appendLegacyAttestation,
  attestationTag,
  readLegacyAttestations,
  type AttestationPlace,
  type LegacyAttestation,
} from './legacy-attestation.ts';
export type { LegacyLayer, StoredLayer } from './legacy-layers.ts';
export {
  appendLegacySignature,
  MAX_SIGNATURES,
  readLegacyLayers,
  readLegacySignatures,
  signatureTag,
  type LegacySignature,
} from './legacy-signature.ts';
export { layersOf, MAX_MANIFEST_BYTES, type Descriptor, type Manifest } from './manifest.ts';
export {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  DSSE_ENVELOPE,
  MANIFEST_MEDIA_TYPES,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_MANIFEST,
  SIGSTORE_BUNDLE,
  SIMPLE_SIGNING,
} from './media-types.ts';
export { pushBundleReferrer, type BundleDescription, type Subject } from './push-bundle-referrer.ts';
export { pushReferrer, type StoredReferrer } from './push-referrer.ts';
export { ImageReference, isRepository, isTag, parseImageReference } from './reference.ts';
export { listReferrers, referrersTag, type ReferrerLimits, type Referrers } from './referrers.ts';
export { RegistryClient } from './registry-client.ts';
export type { RegistryOptions } from './transport.ts';
