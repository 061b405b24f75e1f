export {
  DEFAULT_BUNDLE_LIMITS,
  type Bundle,
  type BundleContent,
  type BundleLimits,
  type BundleVersion,
  type DsseEnvelope,
  type DsseSignature,
  type InclusionProof,
  type MessageSignature,
  type TransparencyLogEntry,
  type VerificationKey,
  type VerificationMaterial,
} from './bundle.ts';
export { BundleError, type BundleErrorCode } from './errors.ts';
export { BUNDLE_MEDIA_TYPE } from './media-type.ts';
export { parseBundle, readBundle } from './parse-bundle.ts';
export { parseTlogEntry } from './parse-tlog-entry.ts';
export { bundleToJson, serializeBundle, tlogEntryToJson } from './serialize-bundle.ts';
