import {
  EncodingError,
  decodeUtf8,
  encodeUtf8,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { isPredicateTypeName, PREDICATE_TYPES } from '@sigstead/verification';
import { SigningError } from '../errors.ts';
import { assertPredicate, assertPredicateType } from './predicate.ts';
import {
  parseStatement,
  STATEMENT_LIMITS,
  STATEMENT_V01,
  STATEMENT_V1,
  type Statement,
  type Subject,
} from './statement.ts';

export interface AttestationRequest {
  /** One of cosign's short names, or a URI. */
  readonly type: string;
  /** A JSON value; for `spdx` the text of the document, for `custom` anything, which is kept as text. */
  readonly predicate: JsonValue;
  readonly subjects: readonly Subject[];
  /** For `custom`, which notes when it was made. */
  readonly now: Date;
}

/**
 * The statement `cosign attest` makes of a predicate: of version 0.1, with the subject's digest.
 *
 * @throws SigningError PREDICATE, STATEMENT
 */
export function makeStatement({ type, predicate, subjects, now }: AttestationRequest): Statement {
  const predicateType = isPredicateTypeName(type) ? PREDICATE_TYPES[type] : assertPredicateType(type);
  const stated = type === 'custom' ? wrapCustom(predicate, now) : predicate;
  if (type === 'spdx' && typeof predicate !== 'string')
    throw refuse('want the text of the document; spdxjson takes JSON');
  if (type !== 'spdx' && (typeof stated !== 'object' || stated === null || Array.isArray(stated)))
    throw refuse('want a JSON object');
  assertPredicate(predicateType, stated);
  return parseStatement(encodeUtf8(statementJson(STATEMENT_V01, subjects, predicateType, stated)));
}

/**
 * Reads a predicate from a file: JSON, but for `spdx` and `custom`, which take the text as it is.
 *
 * @throws SigningError PREDICATE
 */
export function parsePredicate(type: string, bytes: Uint8Array): JsonValue {
  try {
    if (type === 'spdx' || type === 'custom') return decodeUtf8(bytes);
    return parseJson(bytes, { ...STATEMENT_LIMITS, exactNumbers: true });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw refuse(cause.message, cause);
  }
}

/** Predicate type of image signatures, whose predicate is empty: what is said is that somebody signed. */
export const COSIGN_SIGN_TYPE = 'https://sigstore.dev/cosign/sign/v1';

/**
 * The statement cosign 3 signs for an image.
 *
 * @param digest `<algorithm>:<hex>` of the manifest
 * @param annotations become part of what is signed
 */
export function imageStatement(
  digest: string,
  annotations: Readonly<Record<string, string>> = {},
): Statement {
  const [algorithm = '', hex = ''] = digest.split(':');
  const subject = {
    digest: { [algorithm]: hex },
    ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
  };
  return parseStatement(encodeUtf8(statementJson(STATEMENT_V1, [subject], COSIGN_SIGN_TYPE, {})));
}

/** In the order of the fields in in-toto's statement.proto. */
function statementJson(
  type: string,
  subject: readonly Subject[],
  predicateType: string,
  predicate: JsonValue,
): string {
  return JSON.stringify({ _type: type, subject, predicateType, predicate });
}

function wrapCustom(predicate: JsonValue, now: Date): JsonObject {
  return {
    Data: typeof predicate === 'string' ? predicate : JSON.stringify(predicate),
    Timestamp: now.toISOString().replace(/\.[0-9]{3}Z$/, 'Z'),
  };
}

function refuse(why: string, cause?: unknown): SigningError {
  return new SigningError('input', 'PREDICATE', `predicate cannot be signed: ${why}`, { cause });
}
