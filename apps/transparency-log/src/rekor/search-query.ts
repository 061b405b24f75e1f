import { decodeBase64, decodeUtf8, EncodingError, isJsonObject, type JsonObject } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import {
  issuerIndexKey,
  normalizeIndexKey,
  parseUncheckedVerifier,
  TlogError,
  verifierDigest,
} from '@sigstead/tlog';
import { field, malformed, parseBody, textField } from './json-body.ts';
import { invalid } from './query.ts';

/** What to search for. */
export interface SearchQuery {
  /** Each met by any one of its keys, the rarest first; none finds nothing. */
  readonly criteria: readonly (readonly string[])[];
  readonly operator: 'and' | 'or';
  readonly limit: number;
  /** Whether only so many were asked for; else more are an error. */
  readonly page: boolean;
  /** Only entries below this index over all shards. */
  readonly before: bigint | undefined;
}

const BODY = 'query';
/** Stock Rekor gives all there are. An answer has a bound here; beyond it a client has to page. */
export const MAX_FOUND = 10_000;
const MAX_KEY_LENGTH = 512;
const KEY_FORMATS = ['pgp', 'x509', 'minisign', 'ssh', 'tuf'];
const HASH =
  /^(sha512:)?[0-9a-fA-F]{128}$|^(sha384:)?[0-9a-fA-F]{96}$|^(sha256:)?[0-9a-fA-F]{64}$|^(sha1:)?[0-9a-fA-F]{40}$/;
const HASH_OF_LENGTH: Readonly<Record<number, string>> = {
  40: 'sha1',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};
const EMAIL = /^[^\s@<>(),;:\\"[\]]+@[^\s@<>(),;:\\"[\]]+$/;

/**
 * The body of `POST /api/v1/index/retrieve`. `issuer`, `limit`, `before` and SHA-384 are ours. A key is found in entries of every
 * type, where stock Rekor finds hashedrekord only. No key is ever fetched: there is no URL in a query.
 *
 * @throws HttpProblem 400, 422
 */
export function parseSearchQuery(body: Uint8Array | undefined): SearchQuery {
  return readSearchQuery(parseBody(body, BODY));
}

/** @throws HttpProblem 400, 422 */
export function readSearchQuery(query: JsonObject): SearchQuery {
  const email = readEmail(query);
  const hash = readHash(query);
  const issuer = readKey(query, 'issuer');
  const operator = readOperator(query);
  const publicKey = readPublicKey(query);
  const subject = readKey(query, 'subject');
  const limit = readNumber(query, 'limit', 1, MAX_FOUND);
  const before = readNumber(query, 'before', 0, Number.MAX_SAFE_INTEGER);
  const criteria = [
    hash,
    publicKey,
    email,
    subject,
    issuer === undefined ? undefined : issuerIndexKey(issuer),
  ];
  return {
    criteria: criteria
      .filter((criterion) => criterion !== undefined)
      .map((criterion) => [criterion].flat().map(normalizeIndexKey)),
    operator,
    limit: limit ?? MAX_FOUND,
    page: limit !== undefined,
    before: before === undefined ? undefined : BigInt(before),
  };
}

function readEmail(query: JsonObject): string | undefined {
  const email = textField(query, 'email', BODY);
  if (email === undefined || (email.length <= MAX_KEY_LENGTH && EMAIL.test(email))) return email;
  throw invalid(601, `email in body must be of type email: ${JSON.stringify(email.slice(0, 100))}`);
}

/** With the algorithm, which the length tells when it is not there. */
function readHash(query: JsonObject): string | undefined {
  const hash = textField(query, 'hash', BODY);
  if (hash === undefined) return undefined;
  if (hash.length > MAX_KEY_LENGTH || !HASH.test(hash)) {
    throw invalid(605, `hash in body should match '${HASH.source}'`);
  }
  return hash.includes(':') ? hash : `${HASH_OF_LENGTH[hash.length]}:${hash}`;
}

function readKey(query: JsonObject, name: string): string | undefined {
  const key = textField(query, name, BODY);
  if (key !== undefined && key.length > MAX_KEY_LENGTH) {
    throw invalid(603, `${name} in body should be at most ${MAX_KEY_LENGTH} chars long`);
  }
  if (key !== undefined && !isStorable(key)) throw invalid(601, `${name} in body must be well-formed text`);
  return key;
}

/** What can be in no index, and in no statement to the database. */
function isStorable(key: string): boolean {
  return !key.includes('\0') && !/\p{Surrogate}/u.test(key);
}

function readOperator(query: JsonObject): 'and' | 'or' {
  const operator = textField(query, 'operator', BODY) ?? 'or';
  if (operator === 'and' || operator === 'or') return operator;
  throw invalid(606, 'operator in body should be one of [and or]');
}

function readNumber(query: JsonObject, name: string, min: number, max: number): number | undefined {
  const value = field(query, name);
  if (value === undefined) return undefined;
  if (!Number.isInteger(value)) throw malformed(BODY, `${name} is no integer`);
  const number = value as number;
  if (number < min) throw invalid(609, `${name} in body should be greater than or equal to ${min}`);
  if (number > max) throw invalid(608, `${name} in body should be less than or equal to ${max}`);
  return number;
}

/** Both forms the key is indexed under: bare by hashedrekord, with its algorithm by the other types. */
function readPublicKey(query: JsonObject): string[] | undefined {
  const publicKey = field(query, 'publicKey');
  if (publicKey === undefined) return undefined;
  if (!isJsonObject(publicKey)) throw malformed(BODY, 'publicKey is no object');
  const format = textField(publicKey, 'format', BODY);
  if (format === undefined) throw invalid(602, 'publicKey.format in body is required');
  if (!KEY_FORMATS.includes(format)) {
    throw invalid(606, `publicKey.format in body should be one of [${KEY_FORMATS.join(' ')}]`);
  }
  if (format !== 'x509') {
    throw new HttpProblem(400, 'the PKI format requested is not supported by this server', {
      field: 'publicKey.format',
    });
  }
  const content = textField(publicKey, 'content', BODY) ?? '';
  const digest = digestOfKey(content);
  return [digest, `sha256:${digest}`];
}

function digestOfKey(content: string): string {
  const name = 'publicKey.content';
  try {
    const pem = decodeUtf8(decodeBase64(content.replace(/[\r\n]/g, '')));
    return verifierDigest(parseUncheckedVerifier(pem, name));
  } catch (cause) {
    if (!(cause instanceof EncodingError || cause instanceof TlogError)) throw cause;
    throw new HttpProblem(400, 'public key provided could not be parsed', { field: name, cause });
  }
}
