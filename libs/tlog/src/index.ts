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
export { encodeExtraData } from './ct-extra-data.ts';
export {
  encodeMerkleTreeLeaf,
  encodeTimestampedEntry,
  type CtSignedEntry,
  type TimestampedEntry,
} from './ct-leaf.ts';
export { ctTileFormat, issuerPath, type CtTileFormatOptions } from './ct-tile-format.ts';
export { digitallySign } from './digitally-signed.ts';
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
export { cosignatureTime } from './note/cosigned-message.ts';
export { type NoteAlgorithm } from './note/note-scheme.ts';
export {
  addSignatures,
  cosigner,
  noteSigner,
  rfc6962NoteSigner,
  signCheckpointNote,
  verifyCheckpointNote,
  type NoteSigner,
} from './note/note-signer.ts';
export {
  rfc6962SignatureTime,
  signTreeHead,
  verifyTreeHead,
  type TimedTreeHead,
} from './note/tree-head-signature.ts';
export {
  formatVerifierKey,
  noteKeyOf,
  noteVerifierOf,
  parseVerifierKey,
  type NoteKey,
  type UnsupportedNoteKey,
} from './note/verifier-key.ts';
export {
  isQuorumMet,
  parseWitnessPolicy,
  type PolicyLog,
  type PolicyWitness,
  type Quorum,
  type WitnessPolicy,
} from './note/witness-policy.ts';
export {
  formatAddCheckpointRequest,
  formatCosignatures,
  formatTlogSize,
  parseAddCheckpointRequest,
  parseCosignatures,
  parseTlogSize,
  TLOG_SIZE_CONTENT_TYPE,
  type AddCheckpointRequest,
} from './note/witness-request.ts';
export {
  isLoggedEntryKind,
  isRekorV2Kind,
  readLoggedEntry,
  type LoggedDigest,
  type LoggedEntry,
  type LoggedSignature,
  type LoggedVerifier,
} from './logged-entry.ts';
export {
  parseCanonicalBody,
  parseProposedEntry,
  readProposedEntry,
  type EntryFrame,
  type ProposedEntry,
} from './proposed-entry.ts';
export { rekorEntryTypes } from './rekor-entry-types.ts';
export {
  admitRekorV2Entry,
  MAX_REKOR_V2_ENTRY,
  REKOR_V2_REQUEST_KINDS,
} from './rekor-v2/admit-rekor-v2-entry.ts';
export { type RequestKind } from './rekor-v2/create-entry-request.ts';
export {
  canonicalHashedRekordV002,
  REKOR_V2_ENTRY,
  type HashedRekordV002,
} from './rekor-v2/hashed-rekord-v002.ts';
export {
  transparencyLogEntryJson,
  type ProvenEntry,
  type TransparencyLogEntryJson,
} from './rekor-v2/transparency-log-entry.ts';
export { rekorKeyHint } from './rekor-key.ts';
export {
  signedEntryTimestampPayload,
  signSignedEntryTimestamp,
  verifySignedEntryTimestamp,
  type SetPayload,
} from './signed-entry-timestamp.ts';
export { formatSignedNote, parseSignedNote, type NoteSignature, type SignedNote } from './signed-note.ts';
export { parseUncheckedVerifier, parseX509Verifier, type X509Verifier } from './x509-verifier.ts';
