import { EncodingError, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';
import { TlogError } from './errors.ts';

const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const MAX_DEPTH = 256;
/** A statement may name this many digests; more would make one entry as expensive to index as thousands. */
const MAX_DIGESTS = 4096;

/**
 * Digests that a statement is about, as `<algorithm>:<value>`: those of its subjects, then those of the predicate's materials
 * (SLSA provenance). A payload of another type, or one that is no statement, names none.
 *
 * @throws TlogError LIMIT when the statement cannot be searched through within bounds: then the index would not be complete
 */
export function statementDigests(payloadType: string, payload: Uint8Array): string[] {
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) return [];
  const statement = parseStatement(payload);
  const predicate = member(statement, 'predicate');
  const digests = [...digestsOf(member(statement, 'subject')), ...digestsOf(member(predicate, 'materials'))];
  if (digests.length > MAX_DIGESTS) {
    throw new TlogError(
      'LIMIT',
      `the statement names ${digests.length} digests, at most ${MAX_DIGESTS} are taken`,
    );
  }
  return digests;
}

function parseStatement(payload: Uint8Array): JsonValue | undefined {
  try {
    return parseJson(payload, { maxBytes: payload.length, maxDepth: MAX_DEPTH });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    if (cause.code === 'LIMIT') throw new TlogError('LIMIT', `the statement: ${cause.message}`, { cause });
    return undefined;
  }
}

/** `[{"digest": {"<algorithm>": "<value>"}}]`; whatever has another shape names no digest. */
function digestsOf(artifacts: JsonValue | undefined): string[] {
  if (!Array.isArray(artifacts)) return [];
  return artifacts.flatMap((artifact) => {
    const digest = member(artifact, 'digest');
    if (!isJsonObject(digest)) return [];
    return Object.entries(digest).flatMap(([algorithm, value]) =>
      typeof value === 'string' ? [`${algorithm}:${value}`] : [],
    );
  });
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
