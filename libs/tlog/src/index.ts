export {
  formatCheckpoint,
  parseCheckpoint,
  parseRekorOrigin,
  rekorOrigin,
  type Checkpoint,
} from './checkpoint.ts';
export {
  signCheckpoint,
  verifyCheckpoint,
  verifyNoteSignature,
  type NoteVerifier,
} from './checkpoint-signature.ts';
export {
  encodeDataTileEntry,
  parseDataTile,
  parseDataTileEntry,
  type DataTileEntry,
} from './ct-data-tile.ts';
export {
  encodeMerkleTreeLeaf,
  encodeTimestampedEntry,
  type CtSignedEntry,
  type TimestampedEntry,
} from './ct-leaf.ts';
export { admitEntry, type AdmittedEntry } from './admit-entry.ts';
export { preAuthEncoding } from './dsse-envelope.ts';
export { dsseType } from './dsse-type.ts';
export { parseRekorEntryId, rekorEntryId, type RekorEntryId } from './entry-id.ts';
export {
  DEFAULT_ENTRY_POLICY,
  type AdmittedSigners,
  type EntryPolicy,
  type SigningAlgorithm,
} from './entry-policy.ts';
export { buildEntryPolicy, type EntryPolicySettings } from './entry-policy-settings.ts';
export { EntryTypes, type EntryType, type LogEntry } from './entry-type.ts';
export {
  EntryPolicyError,
  TlogError,
  type EntryPolicyCode,
  type TlogErrorCode,
  type TlogErrorOptions,
} from './errors.ts';
export {
  canonicalHashedRekord,
  HASHED_REKORD_KIND,
  HASHED_REKORD_VERSION,
  parseHashedRekord,
  type HashedRekord,
} from './hashed-rekord.ts';
export { hashedRekordIndexKeys, hashedRekordType, verifyHashedRekord } from './hashed-rekord-type.ts';
export { issuerIndexKey, normalizeIndexKey, verifierDigest } from './index-keys.ts';
export { attestationDigest, INTOTO_KIND } from './intoto.ts';
export { intotoV001Type } from './intoto-v001-type.ts';
export { intotoV002Type } from './intoto-v002-type.ts';
export { leafIndexExtension, parseLeafIndex } from './leaf-index.ts';
export {
  parseCanonicalBody,
  parseProposedEntry,
  readProposedEntry,
  type EntryFrame,
  type ProposedEntry,
} from './proposed-entry.ts';
export { rekorEntryTypes } from './rekor-entry-types.ts';
export { rekorKeyHint } from './rekor-key.ts';
export {
  signedEntryTimestampPayload,
  signSignedEntryTimestamp,
  verifySignedEntryTimestamp,
  type SetPayload,
} from './signed-entry-timestamp.ts';
export { formatSignedNote, parseSignedNote, type NoteSignature, type SignedNote } from './signed-note.ts';
export { parseUncheckedVerifier, parseX509Verifier, type X509Verifier } from './x509-verifier.ts';
