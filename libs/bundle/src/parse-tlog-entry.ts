import { type InclusionProof, type TransparencyLogEntry } from './bundle.ts';
import { BundleError } from './errors.ts';
import { type Located, MessageReader, readBytes } from './message-reader.ts';

const HASH_SIZE = 32;

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
