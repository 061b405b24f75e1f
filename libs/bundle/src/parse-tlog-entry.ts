import { EncodingError, parseJson, type JsonValue } from '@sigstead/encoding';
import { DEFAULT_BUNDLE_LIMITS, type InclusionProof, type TransparencyLogEntry } from './bundle.ts';
import { BundleError } from './errors.ts';
import { type Located, MessageReader, readBytes } from './message-reader.ts';

const HASH_SIZE = 32;

/** A log's answer is one entry: its proof, its checkpoint with cosignatures, its body. */
const MAX_ENTRY_BYTES = 4 << 20;
const MAX_ENTRY_DEPTH = 8;

/**
 * Reads one entry in the form of sigstore_rekor.proto, which is what Rekor v2 answers. Read as strictly as inside a bundle; nothing
 * is verified.
 *
 * @throws BundleError with code and path; no other error on whatever input
 */
export function parseTlogEntry(json: Uint8Array | string): TransparencyLogEntry {
  return readTlogEntry({ value: readEntryJson(json), path: '' }, DEFAULT_BUNDLE_LIMITS.maxProofHashes);
}

function readEntryJson(json: Uint8Array | string): JsonValue {
  try {
    return parseJson(json, { maxBytes: MAX_ENTRY_BYTES, maxDepth: MAX_ENTRY_DEPTH });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new BundleError(cause.code === 'LIMIT' ? 'LIMIT' : 'JSON', '', cause.message, { cause });
  }
}

/** `TransparencyLogEntry` of sigstore_rekor.proto. */
export function readTlogEntry(item: Located, maxProofHashes: number): TransparencyLogEntry {
  const entry = new MessageReader(item, [
    'logIndex',
    'logId',
    'kindVersion',
    'integratedTime',
    'inclusionPromise',
    'inclusionProof',
    'canonicalizedBody',
  ]);
  const kindVersion = entry.requiredMessage('kindVersion', ['kind', 'version']);
  const promise = entry.message('inclusionPromise', ['signedEntryTimestamp']);
  const proof = entry.message('inclusionProof', ['logIndex', 'rootHash', 'treeSize', 'hashes', 'checkpoint']);
  return {
    logIndex: entry.natural('logIndex'),
    logId: entry.requiredMessage('logId', ['keyId']).requiredBytes('keyId'),
    kind: kindVersion.requiredText('kind'),
    kindVersion: kindVersion.requiredText('version'),
    integratedTimeSeconds: entry.natural('integratedTime'),
    ...(promise && { inclusionPromise: promise.requiredBytes('signedEntryTimestamp') }),
    ...(proof && { inclusionProof: readInclusionProof(proof, maxProofHashes) }),
    canonicalizedBody: entry.requiredBytes('canonicalizedBody'),
  };
}

function readInclusionProof(proof: MessageReader, maxHashes: number): InclusionProof {
  return {
    logIndex: proof.natural('logIndex'),
    rootHash: readHash(proof.at('rootHash'), proof.requiredBytes('rootHash')),
    treeSize: proof.natural('treeSize'),
    hashes: proof.list('hashes', maxHashes).map((hash) => readHash(hash.path, readBytes(hash))),
    checkpoint: proof.requiredMessage('checkpoint', ['envelope']).requiredText('envelope'),
  };
}

function readHash(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== HASH_SIZE)
    throw new BundleError('LENGTH', path, `${bytes.length} bytes, want ${HASH_SIZE}`);
  return bytes;
}
