import { decodeUtf8, EncodingError, equalBytes } from '@sigstead/encoding';
import {
  bundleFormat,
  verifyTileLog,
  type Discrepancy,
  type EntryFormat,
  type FetchResource,
  type TileLogReport,
  type TileLogToVerify,
} from '@sigstead/tiles';
import {
  ctTileFormat,
  parseCanonicalBody,
  parseSignedNote,
  REKOR_V2_ENTRY,
  rfc6962SignatureTime,
  TlogError,
  verifyCheckpointNote,
  type Checkpoint,
  type CtTileFormatOptions,
  type NoteKey,
} from '@sigstead/tlog';
import type { LogKind } from './log-key.ts';

export interface FsckOptions extends Pick<TileLogToVerify, 'workers' | 'maxDiscrepancies'> {
  readonly fetchResource: FetchResource;
  readonly key: NoteKey;
  readonly kind: LogKind;
  /** Of CT logs: whether times may not go back from one entry to the next; they may unless told. */
  readonly risingTimes?: boolean;
  readonly onProgress?: (verified: bigint, size: bigint) => void;
}

export interface FsckReport {
  readonly discrepancies: readonly Discrepancy[];
  /** Undefined when there is no checkpoint of that key. */
  readonly checkpoint: Checkpoint | undefined;
  /** Undefined without a checkpoint. */
  readonly log: TileLogReport | undefined;
}

/** Of C2SP signed-note's size; what is longer is none. */
const MAX_CHECKPOINT_BYTES = 1024 * 1024;

/** What logs of stock Rekor v2 hold beside {@link REKOR_V2_ENTRY}: dsse, from before 2.3. */
const REKOR_V2_KINDS: readonly string[] = [REKOR_V2_ENTRY.kind, 'dsse'];

/**
 * Verifies a log's checkpoint, and everything else the log serves at its size.
 *
 * @throws FsckError UNREADABLE of `fetchResource`
 */
export async function fsck(options: FsckOptions): Promise<FsckReport> {
  const { fetchResource, key, kind, risingTimes = false, onProgress, ...limits } = options;
  const bytes = await fetchResource('checkpoint', MAX_CHECKPOINT_BYTES);
  const note = readNote(bytes, key);
  if ('message' in note) return { discrepancies: [note], checkpoint: undefined, log: undefined };
  const { checkpoint, timestampMs } = note;
  const log = await verifyTileLog({
    ...limits,
    head: checkpoint,
    format: formatOf(kind, { headTimestampMs: timestampMs, risingTimes }),
    fetchResource,
    onProgress: (verified) => onProgress?.(verified, checkpoint.size),
  });
  return { discrepancies: log.discrepancies, checkpoint, log };
}

interface VerifiedNote {
  readonly checkpoint: Checkpoint;
  /** Of the key's signature; only RFC 6962 ones have a time. */
  readonly timestampMs: bigint | undefined;
}

function readNote(bytes: Uint8Array | undefined, key: NoteKey): VerifiedNote | Discrepancy {
  const path = 'checkpoint';
  if (bytes === undefined) return { path, message: 'is missing' };
  try {
    const text = decodeUtf8(bytes);
    const checkpoint = verifyCheckpointNote(text, key);
    return { checkpoint, timestampMs: key.algorithm === 'rfc6962' ? signatureTime(text, key) : undefined };
  } catch (error) {
    if (!(error instanceof TlogError || error instanceof EncodingError)) throw error;
    return { path, message: error.message };
  }
}

function signatureTime(text: string, { name, keyHint }: NoteKey): bigint | undefined {
  const own = parseSignedNote(text).signatures.find(
    (line) => line.name === name && equalBytes(line.keyHint, keyHint),
  );
  return own && rfc6962SignatureTime(own.signature);
}

function formatOf(kind: LogKind, ctOptions: CtTileFormatOptions): EntryFormat {
  switch (kind) {
    case 'ct':
      return ctTileFormat(ctOptions);
    case 'rekor-v2':
      return bundleFormat(rekorV2Fault);
    case 'tlog':
      return bundleFormat();
  }
}

function rekorV2Fault(entry: Uint8Array): string | undefined {
  try {
    const { kind, apiVersion } = parseCanonicalBody(entry);
    if (REKOR_V2_KINDS.includes(kind) && apiVersion === REKOR_V2_ENTRY.version) return undefined;
    return `${kind.slice(0, 64)} ${apiVersion.slice(0, 64)} is no entry of Rekor v2`;
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return error.message;
  }
}
