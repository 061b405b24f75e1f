import { decodeBase64, EncodingError } from '@sigstead/encoding';
import { HASH_SIZE } from '@sigstead/merkle';
import { CtError } from './errors.ts';

/** Parameters as the framework parses them; a list where one was sent several times. */
export type CtQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

const MAX_DIGITS = 16;

/**
 * An index or a size: decimal digits, at most 2^53 - 1, which is what a number in JSON can carry.
 *
 * @throws CtError REQUEST when it is absent, sent twice or anything else
 */
export function numberParameter(query: CtQuery, name: string): bigint {
  const text = textParameter(query, name);
  if (!/^[0-9]+$/.test(text)) throw malformed(name, text, 'a decimal number');
  if (text.length > MAX_DIGITS || Number(text) > Number.MAX_SAFE_INTEGER)
    throw malformed(name, text, `at most ${Number.MAX_SAFE_INTEGER}`);
  return BigInt(text);
}

/**
 * A SHA-256 in base64.
 *
 * @throws CtError REQUEST
 */
export function hashParameter(query: CtQuery, name: string): Uint8Array {
  const text = textParameter(query, name);
  // A plus sign that a client forgot to escape has become a space, which base64 does not have.
  const hash = decoded(text.replaceAll(' ', '+'));
  if (hash?.length !== HASH_SIZE) throw malformed(name, text, `base64 of ${HASH_SIZE} bytes`);
  return hash;
}

function textParameter(query: CtQuery, name: string): string {
  const value = query[name];
  if (value === undefined || value === '') throw new CtError('REQUEST', `parameter ${name} is required`);
  if (typeof value !== 'string') throw new CtError('REQUEST', `parameter ${name} is there more than once`);
  return value;
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text);
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function malformed(name: string, text: string, want: string): CtError {
  return new CtError('REQUEST', `parameter ${name} is ${JSON.stringify(text.slice(0, 64))}, want ${want}`);
}
