import { decodeBase64, decodeUtf8, encodeBase64, encodeUtf8, EncodingError } from '@sigstead/encoding';
import { TlogError } from '../errors.ts';
import { formatSignatureLines, type NoteSignature, parseSignatureLines } from '../signed-note.ts';

/** Bounds of one request or answer: a note of 16 ML-DSA cosignatures has some 60 kB. */
const MAX_BODY_BYTES = 128 * 1024;
const MAX_PROOF_LINES = 63;
const HASH_SIZE = 32;
const MAX_TREE_SIZE = (1n << 63n) - 1n;
const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/;

/** Content type of the answer that tells the size a witness has. The protocol demands exactly this. */
export const TLOG_SIZE_CONTENT_TYPE = 'text/x.tlog.size';

/** What a log asks a witness (C2SP tlog-witness, add-checkpoint). */
export interface AddCheckpointRequest {
  /** Size the witness has cosigned last, 0 when it has none. */
  readonly oldSize: bigint;
  /** Consistency from there to the checkpoint, at most 63 hashes of 32 bytes; empty from size 0. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint as the log signed it. */
  readonly note: string;
}

/**
 * The body of `POST <submission prefix>/add-checkpoint`:
 *
 * ```
 * old <decimal size> LF
 * <base64 hash> LF          (0 to 63)
 * LF
 * <signed checkpoint>
 * ```
 *
 * @throws TlogError WITNESS when size or proof have no place in it
 */
export function formatAddCheckpointRequest({ oldSize, proof, note }: AddCheckpointRequest): Uint8Array {
  assertTreeSize(oldSize);
  assertProofLength(proof.length);
  proof.forEach(assertHash);
  return encodeUtf8(`old ${oldSize}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${note}`);
}

/**
 * The inverse of {@link formatAddCheckpointRequest}. The note is not looked into.
 *
 * @throws TlogError WITNESS when malformed, LIMIT when too large
 */
export function parseAddCheckpointRequest(body: Uint8Array): AddCheckpointRequest {
  const text = readText('request', body);
  const split = text.indexOf('\n\n');
  if (split < 0) throw new TlogError('WITNESS', 'request has no blank line before its checkpoint');
  const [first = '', ...hashes] = text.slice(0, split).split('\n');
  if (!first.startsWith('old ')) throw new TlogError('WITNESS', 'request does not begin with `old <size>`');
  assertProofLength(hashes.length);
  return {
    oldSize: parseTreeSize(first.slice('old '.length)),
    proof: hashes.map(parseHash),
    note: text.slice(split + 2),
  };
}

/** The body of an answer that cosigned: signature lines alone. */
export function formatCosignatures(cosignatures: readonly NoteSignature[]): Uint8Array {
  return encodeUtf8(formatSignatureLines(cosignatures));
}

/**
 * Lines of a witness. Nothing is verified: they may be of any key and over anything.
 *
 * @throws TlogError WITNESS or NOTE when malformed, LIMIT when too large or too many
 */
export function parseCosignatures(body: Uint8Array): NoteSignature[] {
  return parseSignatureLines(readText('answer', body));
}

/** The body of an answer that tells the size a witness has. */
export function formatTlogSize(size: bigint): Uint8Array {
  assertTreeSize(size);
  return encodeUtf8(`${size}\n`);
}

/** @throws TlogError WITNESS, LIMIT */
export function parseTlogSize(body: Uint8Array): bigint {
  const text = readText('answer', body);
  if (!text.endsWith('\n')) throw new TlogError('WITNESS', 'size of a witness does not end in a line feed');
  return parseTreeSize(text.slice(0, -1));
}

function readText(what: string, body: Uint8Array): string {
  if (body.length > MAX_BODY_BYTES) {
    throw new TlogError('LIMIT', `${what} of ${body.length} bytes, at most ${MAX_BODY_BYTES} are taken`);
  }
  try {
    return decodeUtf8(body);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('WITNESS', `${what} is not UTF-8`, { cause });
  }
}

function parseTreeSize(text: string): bigint {
  if (!DECIMAL.test(text)) {
    throw new TlogError(
      'WITNESS',
      `tree size ${JSON.stringify(text.slice(0, 32))}, want a decimal without leading zeros`,
    );
  }
  const size = BigInt(text);
  assertTreeSize(size);
  return size;
}

function parseHash(line: string): Uint8Array {
  try {
    const hash = decodeBase64(line);
    assertHash(hash);
    return hash;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('WITNESS', 'line of a consistency proof is not padded base64', { cause });
  }
}

function assertTreeSize(size: bigint): void {
  if (size < 0n || size > MAX_TREE_SIZE)
    throw new TlogError('WITNESS', `tree size ${size} is outside 0..2^63-1`);
}

function assertProofLength(lines: number): void {
  if (lines > MAX_PROOF_LINES) {
    throw new TlogError('WITNESS', `consistency proof of ${lines} hashes, want at most ${MAX_PROOF_LINES}`);
  }
}

function assertHash(hash: Uint8Array): void {
  if (hash.length !== HASH_SIZE) {
    throw new TlogError('WITNESS', `consistency proof has a hash of ${hash.length} bytes, want ${HASH_SIZE}`);
  }
}
