import { decodeBase64, encodeBase64, EncodingError } from '@sigstead/encoding';
import { TlogError } from './errors.ts';

const ROOT_HASH_SIZE = 32;
/** int64, which is how every Sigstore message carries a tree size. */
const MAX_TREE_SIZE = (1n << 63n) - 1n;
const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/;

/** State of a log (C2SP tlog-checkpoint): the body of a signed note. */
export interface Checkpoint {
  /** Unique name of the log; for Rekor v1 `<host> - <tree ID>`, see {@link rekorOrigin}. */
  readonly origin: string;
  /** 0 <= size < 2^63 */
  readonly size: bigint;
  /** 32 bytes */
  readonly rootHash: Uint8Array;
  /** Further lines, non-empty, kept in order: public Rekor wrote `Timestamp: <ns>` until 1.3.5. */
  readonly extensions: readonly string[];
}

/**
 * The note body, final line feed included.
 *
 * @throws TlogError CHECKPOINT when a field has no place in the format
 */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  assertTreeSize(checkpoint.size);
  assertRootHash(checkpoint.rootHash);
  const lines = [
    checkpoint.origin,
    checkpoint.size.toString(),
    encodeBase64(checkpoint.rootHash),
    ...checkpoint.extensions,
  ];
  lines.forEach(assertLine);
  return `${lines.join('\n')}\n`;
}

/**
 * Reads a note body. Call it on verified text only: {@link verifyCheckpoint} does both in the right order.
 *
 * @throws TlogError CHECKPOINT on a missing line, a size with leading zeros or a root that is not 32 bytes
 */
export function parseCheckpoint(body: string): Checkpoint {
  if (!body.endsWith('\n')) throw new TlogError('CHECKPOINT', 'checkpoint does not end in a line feed');
  const lines = body.slice(0, -1).split('\n');
  const [origin, size, root, ...extensions] = lines;
  if (origin === undefined || size === undefined || root === undefined) {
    throw new TlogError('CHECKPOINT', `checkpoint has ${lines.length} lines, want at least 3`);
  }
  lines.forEach(assertLine);
  return { origin, size: parseTreeSize(size), rootHash: parseRootHash(root), extensions };
}

/** Origin of a Rekor v1 log. Clients that must guess take a log for v1 exactly when its origin has this form. */
export function rekorOrigin(hostname: string, treeId: bigint): string {
  return `${hostname} - ${treeId}`;
}

/** Host name and tree ID of a Rekor v1 origin, undefined for any other. */
export function parseRekorOrigin(origin: string): { hostname: string; treeId: bigint } | undefined {
  const [, hostname, treeId] = /^(.+) - ([0-9]{1,19})$/.exec(origin) ?? [];
  return hostname === undefined || treeId === undefined ? undefined : { hostname, treeId: BigInt(treeId) };
}

function parseTreeSize(text: string): bigint {
  if (!DECIMAL.test(text))
    throw new TlogError('CHECKPOINT', 'tree size is not a decimal without leading zeros');
  const size = BigInt(text);
  assertTreeSize(size);
  return size;
}

function parseRootHash(text: string): Uint8Array {
  try {
    const rootHash = decodeBase64(text);
    assertRootHash(rootHash);
    return rootHash;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('CHECKPOINT', 'root hash is not padded base64', { cause });
  }
}

function assertTreeSize(size: bigint): void {
  if (size < 0n || size > MAX_TREE_SIZE) {
    throw new TlogError('CHECKPOINT', `tree size ${size} is outside 0..2^63-1`);
  }
}

function assertRootHash(rootHash: Uint8Array): void {
  if (rootHash.length !== ROOT_HASH_SIZE) {
    throw new TlogError('CHECKPOINT', `root hash of ${rootHash.length} bytes, want ${ROOT_HASH_SIZE}`);
  }
}

function assertLine(line: string): void {
  if (line === '') throw new TlogError('CHECKPOINT', 'checkpoint has an empty line');
  for (let at = 0; at < line.length; at++) {
    if (line.charCodeAt(at) < 0x20)
      throw new TlogError('CHECKPOINT', 'checkpoint line has a control character');
  }
}
