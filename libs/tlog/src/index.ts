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
export { parseRekorEntryId, rekorEntryId, type RekorEntryId } from './entry-id.ts';
export { DEFAULT_ENTRY_POLICY, type EntryPolicy, type SigningAlgorithm } from './entry-policy.ts';
export { EntryTypes, type EntryType, type LogEntry } from './entry-type.ts';
export { EntryPolicyError, TlogError, type TlogErrorCode, type TlogErrorOptions } from './errors.ts';
export {
  canonicalHashedRekord,
  HASHED_REKORD_KIND,
  HASHED_REKORD_VERSION,
  parseHashedRekord,
  type HashedRekord,
} from './hashed-rekord.ts';
export { hashedRekordIndexKeys, hashedRekordType, verifyHashedRekord } from './hashed-rekord-type.ts';
export { normalizeIndexKey } from './index-keys.ts';
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
export { parseX509Verifier, type X509Verifier } from './x509-verifier.ts';
