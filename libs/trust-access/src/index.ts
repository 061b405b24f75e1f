export { TrustAccessError, type TrustAccessErrorCode } from './errors.ts';
export { parseTrustRootSpecs, type TrustRootSpec } from './trust-root-spec.ts';
export { openTrustRoots, readTrustRootSpecs, TrustRoots, type TrustRootsOptions } from './trust-roots.ts';
export type { NamedTrustRoot, TrustLog, TrustRootStatus } from './trust-source.ts';
export {
  Revocations,
  type RevocationsOptions,
  type RevocationsSpec,
  type RevocationsStatus,
} from './revocations.ts';
