import type { JsonObject, JsonValue } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { HttpProblem } from '@sigstead/server';
import { parseRekorEntryId, readProposedEntry, TlogError } from '@sigstead/tlog';
import { field, malformed, parseBody } from './json-body.ts';
import { invalid } from './query.ts';

/** Things to look up, {@link MAX_QUERIES} at most. */
export interface RetrieveQuery {
  readonly entryIds: readonly { readonly treeId: bigint; readonly leafHash: Uint8Array }[];
  /** In every shard. */
  readonly leafHashes: readonly Uint8Array[];
  /** Over all shards. */
  readonly indexes: readonly bigint[];
}

const BODY = 'entry';
const MAX_QUERIES = 10;
const ENTRY_UUID = /^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$/;

/**
 * The body of `POST /api/v1/log/entries/retrieve`, in the order of rekor's checks. Entries in it are verified as if they were to be
 * logged, and looked up by what would be stored.
 *
 * @throws HttpProblem 400, 422
 */
export async function parseRetrieveQuery(body: Uint8Array | undefined): Promise<RetrieveQuery> {
  const query = parseBody(body, BODY);
  const entries = listOf(query, 'entries', 0);
  const uuids = listOf(query, 'entryUUIDs', 1).map(readUuid);
  const indexes = listOf(query, 'logIndexes', 1).map(readIndex);
  if (entries.length + uuids.length + indexes.length > MAX_QUERIES) {
    throw invalid(422, `more than max allowed ${MAX_QUERIES} entries in request`);
  }
  const ids = uuids.map(readEntryId);
  return {
    entryIds: ids.flatMap(({ treeId, leafHash }) => (treeId === undefined ? [] : [{ treeId, leafHash }])),
    leafHashes: [
      ...ids.filter(({ treeId }) => treeId === undefined).map(({ leafHash }) => leafHash),
      ...(await hashEntries(entries)),
    ],
    indexes,
  };
}

function listOf(query: JsonObject, name: string, min: number): JsonValue[] {
  const list = field(query, name);
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw malformed(BODY, `${name} is no array`);
  if (list.length < min) throw invalid(612, `${name} in body should have at least ${min} items`);
  if (list.length > MAX_QUERIES) {
    throw invalid(611, `${name} in body should have at most ${MAX_QUERIES} items`);
  }
  return list;
}

function readUuid(value: JsonValue, position: number): string {
  if (value !== null && typeof value !== 'string') throw malformed(BODY, 'an entry UUID is no text');
  if (value !== null && ENTRY_UUID.test(value)) return value;
  throw invalid(605, `entryUUIDs.${position} in body should match '${ENTRY_UUID.source}'`);
}

function readIndex(value: JsonValue, position: number): bigint {
  const name = `logIndexes.${position}`;
  if (value === null) throw invalid(602, `${name} in body is required`);
  if (!Number.isInteger(value)) throw malformed(BODY, 'a log index is no integer');
  const index = BigInt(value as number);
  if (index < 0n) throw invalid(609, `${name} in body should be greater than or equal to 0`);
  return index;
}

function readEntryId(uuid: string): ReturnType<typeof parseRekorEntryId> {
  try {
    return parseRekorEntryId(uuid);
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause;
    throw new HttpProblem(400, `invalid entryID ${uuid}`, { cause });
  }
}

/** One after the other, and others in between: signatures are verified here. */
async function hashEntries(entries: readonly JsonValue[]): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  for (const entry of entries) {
    hashes.push(hashEntry(entry));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return hashes;
}

function hashEntry(value: JsonValue): Uint8Array {
  try {
    const { entry } = readProposedEntry(value);
    entry.verify();
    return hashLeaf(entry.canonicalBody());
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause;
    throw new HttpProblem(400, cause.message, { type: 'entry-refused', cause });
  }
}
