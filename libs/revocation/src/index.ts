export { RevocationError, type RevocationErrorCode } from './errors.ts';
export { assertFresh } from './freshness.ts';
export { findKeyRevocation, findRevocation, isRevoked, type SignerFacts } from './is-revoked.ts';
export { formatDate, targetToJson } from './payload.ts';
export {
  MAX_IDENTITY_CHARACTERS,
  MAX_ISSUER_CHARACTERS,
  MAX_REVOCATIONS,
  type Revocation,
  type RevocationList,
  type RevocationTarget,
} from './revocation.ts';
export { openRevocationList, REVOCATIONS_PAYLOAD_TYPE, signRevocationList } from './signed-list.ts';
