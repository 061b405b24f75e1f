import type { HashAlgorithm } from '@sigstead/crypto';
import { EncodingError, isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { STATEMENT_TYPES } from '@sigstead/verification';
import { SigningError } from '../errors.ts';
import { assertPredicate, assertPredicateType } from './predicate.ts';

/** Current statements, and those cosign writes for attestations. */
export const STATEMENT_V1 = 'https://in-toto.io/Statement/v1';
export const STATEMENT_V01 = 'https://in-toto.io/Statement/v0.1';

/** In base64 inside a bundle this leaves room below the 16 MiB that verifiers take. */
export const MAX_STATEMENT_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_VALUES = 1_000_000;
const MAX_SUBJECTS = 1024;
const MAX_DIGESTS = 16;
const MAX_NAME_LENGTH = 4096;
const MAX_DIGEST_LENGTH = 512;

/** JSON that becomes part of a signature must mean one thing to all who read it. */
export const STATEMENT_LIMITS = {
  maxBytes: MAX_STATEMENT_BYTES,
  maxDepth: MAX_DEPTH,
  maxValues: MAX_VALUES,
  uniqueMembers: true,
} as const;

/** What a statement is about. */
export interface Subject {
  readonly name?: string;
  /** Lower-case hex by the name of its hash. */
  readonly digest: Readonly<Record<string, string>>;
}

/** An in-toto statement, its form checked, in the bytes that are signed. */
export interface Statement {
  readonly payload: Uint8Array;
  readonly subjects: readonly [Subject, ...Subject[]];
  readonly predicateType: string;
}

const LENGTHS: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Reads an in-toto statement of version 1 or 0.1. It will be signed as it was given, to the byte.
 *
 * @param payload JSON, at most 8 MiB, 64 deep
 * @throws SigningError STATEMENT when it is none, PREDICATE when the predicate is not what its type says
 */
export function parseStatement(payload: Uint8Array): Statement {
  const statement = readObject(payload);
  const type = statement['_type'];
  if (typeof type !== 'string' || !STATEMENT_TYPES.includes(type))
    throw refuse(`_type is ${shown(type)}, want ${STATEMENT_TYPES.join(' or ')}`);
  const subjects = readSubjects(statement['subject']);
  const predicateType = assertPredicateType(statement['predicateType']);
  const predicate = statement['predicate'];
  if (predicate !== undefined && predicate !== null) assertPredicate(predicateType, predicate);
  return { payload, subjects, predicateType };
}

function readObject(payload: Uint8Array): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(payload, STATEMENT_LIMITS);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw refuse(cause.message, cause);
  }
  if (isJsonObject(value)) return value;
  throw refuse('it is no JSON object');
}

function readSubjects(value: JsonValue | undefined): readonly [Subject, ...Subject[]] {
  if (!Array.isArray(value)) throw refuse(`subject is ${shown(value)}, want a list`);
  if (value.length > MAX_SUBJECTS)
    throw refuse(`${value.length} subjects, at most ${MAX_SUBJECTS} are signed at once`);
  const [first, ...rest] = value.map(readSubject);
  if (first === undefined) throw refuse('subject is empty: the statement is about nothing');
  return [first, ...rest];
}

/** ResourceDescriptor of in-toto; what else it may have is for its readers. */
function readSubject(value: JsonValue, at: number): Subject {
  const path = `subject[${at}]`;
  if (!isJsonObject(value)) throw refuse(`${path} is ${shown(value)}, want an object`);
  const { name, digest } = value;
  if (name !== undefined && (typeof name !== 'string' || name.length > MAX_NAME_LENGTH))
    throw refuse(`${path}.name is not a text of at most ${MAX_NAME_LENGTH} characters`);
  if (!isJsonObject(digest)) throw refuse(`${path}.digest is ${shown(digest)}, want an object`);
  const entries = Object.entries(digest);
  if (entries.length > MAX_DIGESTS)
    throw refuse(`${path} has ${entries.length} digests, at most ${MAX_DIGESTS} are taken`);
  for (const [algorithm, text] of entries)
    assertDigest(`${path}.digest.${shownName(algorithm)}`, algorithm, text);
  // Without one of these nobody can tell whether a file is meant.
  if (!Object.keys(LENGTHS).some((algorithm) => Object.hasOwn(digest, algorithm)))
    throw refuse(`${path}.digest has none of ${Object.keys(LENGTHS).join(', ')}`);
  return { ...(name !== undefined && { name }), digest: digest as Record<string, string> };
}

function assertDigest(path: string, algorithm: string, text: JsonValue): void {
  if (typeof text !== 'string' || text === '' || text.length > MAX_DIGEST_LENGTH)
    throw refuse(`${path} is not a text of 1 to ${MAX_DIGEST_LENGTH} characters`);
  const length = Object.hasOwn(LENGTHS, algorithm) ? LENGTHS[algorithm as HashAlgorithm] : undefined;
  if (length === undefined || (text.length === length && /^[0-9a-f]+$/.test(text))) return;
  throw refuse(`${path} is not ${length} lower-case hex digits`);
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function shownName(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
}

function refuse(why: string, cause?: unknown): SigningError {
  return new SigningError('input', 'STATEMENT', `not an in-toto statement that can be signed: ${why}`, {
    cause,
  });
}
