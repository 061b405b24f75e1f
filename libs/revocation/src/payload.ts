import {
  canonicalizeJson,
  decodeHex,
  encodeHex,
  encodeUtf8,
  EncodingError,
  equalBytes,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { CRL_REASONS, type CrlReason } from '@sigstead/x509';
import { RevocationError } from './errors.ts';
import {
  MAX_IDENTITY_CHARACTERS,
  MAX_ISSUER_CHARACTERS,
  MAX_PAYLOAD_BYTES,
  MAX_REVOCATIONS,
  type Revocation,
  type RevocationList,
  type RevocationTarget,
} from './revocation.ts';

const VERSION = 1;
const MAX_DEPTH = 4;
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;
/** Without a leading zero octet, so that one number has one text. */
const SERIAL_HEX = /^(?!00)(?:[0-9a-f]{2}){1,20}$/;

/**
 * The list as canonical JSON (RFC 8785), for signing.
 *
 * @throws RevocationError LIMIT, FIELD, VALIDITY: whatever {@link parsePayload} would not take is not written either
 */
export function encodePayload(list: RevocationList): Uint8Array {
  const payload = encodeUtf8(canonicalizeJson(toJson(list)));
  parsePayload(payload);
  return payload;
}

/**
 * Reads what {@link encodePayload} writes, and nothing else.
 *
 * @throws RevocationError LIMIT, JSON, UNKNOWN_FIELD, MISSING_FIELD, FIELD, VERSION, VALIDITY
 */
export function parsePayload(payload: Uint8Array): RevocationList {
  const value = parseCanonical(payload);
  const fields = new Fields(value, 'list', ['version', 'sequence', 'issuedAt', 'nextUpdate', 'revocations']);
  const version = fields.number('version');
  if (version !== VERSION)
    throw new RevocationError('VERSION', `list of version ${version}, want ${VERSION}`);
  const list = {
    sequence: fields.number('sequence'),
    issuedAt: fields.date('issuedAt'),
    nextUpdate: fields.date('nextUpdate'),
    revocations: fields.list('revocations', MAX_REVOCATIONS).map(parseRevocation),
  };
  if (list.issuedAt.getTime() >= list.nextUpdate.getTime())
    throw new RevocationError('VALIDITY', 'the list ends before it starts');
  return list;
}

/** Whole seconds, as everywhere in a list: milliseconds are cut off. */
export function formatDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new RevocationError('FIELD', 'a date of the list is none');
  return `${date.toISOString().slice(0, -5)}Z`;
}

function toJson(list: RevocationList): JsonObject {
  return {
    version: VERSION,
    sequence: list.sequence,
    issuedAt: formatDate(list.issuedAt),
    nextUpdate: formatDate(list.nextUpdate),
    revocations: list.revocations.map(({ target, from, reason, revokedAt }) => ({
      ...targetToJson(target),
      from: formatDate(from),
      reason,
      revokedAt: formatDate(revokedAt),
    })),
  };
}

/** The target alone: equal targets have equal canonical JSON. */
export function targetToJson(target: RevocationTarget): JsonObject {
  switch (target.kind) {
    case 'serial':
      return {
        kind: target.kind,
        serialNumber: encodeHex(target.serialNumber),
        authorityKeyId: encodeHex(target.authorityKeyId),
      };
    case 'key':
      return { kind: target.kind, keyHash: encodeHex(target.keyHash) };
    case 'identity':
      return {
        kind: target.kind,
        identity: target.identity,
        ...(target.issuer === undefined ? {} : { issuer: target.issuer }),
      };
    case 'authority':
      return { kind: target.kind, authorityKeyId: encodeHex(target.authorityKeyId) };
  }
}

function parseCanonical(payload: Uint8Array): JsonValue {
  try {
    const value = parseJson(payload, { maxBytes: MAX_PAYLOAD_BYTES, maxDepth: MAX_DEPTH });
    if (equalBytes(encodeUtf8(canonicalizeJson(value)), payload)) return value;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new RevocationError(cause.code === 'LIMIT' ? 'LIMIT' : 'JSON', `list: ${cause.message}`, { cause });
  }
  throw new RevocationError('JSON', 'list: not in canonical form');
}

const ENTRY_FIELDS = ['kind', 'from', 'reason', 'revokedAt'];
const TARGET_FIELDS: Readonly<Record<RevocationTarget['kind'], readonly string[]>> = {
  serial: ['serialNumber', 'authorityKeyId'],
  key: ['keyHash'],
  identity: ['identity', 'issuer'],
  authority: ['authorityKeyId'],
};

function parseRevocation(value: JsonValue, i: number): Revocation {
  const where = `revocations[${i}]`;
  const kind = isJsonObject(value) && typeof value['kind'] === 'string' ? value['kind'] : '';
  if (!isKind(kind)) {
    const kinds = Object.keys(TARGET_FIELDS).join(', ');
    throw new RevocationError('FIELD', `${where}.kind is ${quote(kind)}, want one of ${kinds}`);
  }
  const fields = new Fields(value, where, [...ENTRY_FIELDS, ...TARGET_FIELDS[kind]]);
  return {
    target: parseTarget(kind, fields),
    from: fields.date('from'),
    reason: parseReason(fields.text('reason', 32), where),
    revokedAt: fields.date('revokedAt'),
  };
}

function parseTarget(kind: RevocationTarget['kind'], fields: Fields): RevocationTarget {
  switch (kind) {
    case 'serial':
      return {
        kind,
        serialNumber: fields.hex('serialNumber', SERIAL_HEX),
        authorityKeyId: fields.hex('authorityKeyId', SHA256_HEX),
      };
    case 'key':
      return { kind, keyHash: fields.hex('keyHash', SHA256_HEX) };
    case 'identity': {
      const identity = fields.text('identity', MAX_IDENTITY_CHARACTERS);
      if (!fields.has('issuer')) return { kind, identity };
      return { kind, identity, issuer: fields.text('issuer', MAX_ISSUER_CHARACTERS) };
    }
    case 'authority':
      return { kind, authorityKeyId: fields.hex('authorityKeyId', SHA256_HEX) };
  }
}

function isKind(text: string): text is RevocationTarget['kind'] {
  return Object.hasOwn(TARGET_FIELDS, text);
}

function parseReason(text: string, where: string): CrlReason {
  if (Object.hasOwn(CRL_REASONS, text)) return text as CrlReason;
  const reasons = Object.keys(CRL_REASONS).join(', ');
  throw new RevocationError('FIELD', `${where}.reason is ${quote(text)}, want one of ${reasons}`);
}

/** Typed access to the fields of one object, of which no other may be there. */
class Fields {
  readonly #object: JsonObject;
  readonly #where: string;

  constructor(value: JsonValue, where: string, known: readonly string[]) {
    if (!isJsonObject(value)) throw new RevocationError('FIELD', `${where} is not an object`);
    const unknown = Object.keys(value).find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new RevocationError('UNKNOWN_FIELD', `${where} has an unknown field ${quote(unknown)}`);
    this.#object = value;
    this.#where = where;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  text(name: string, maxCharacters: number): string {
    const value = this.#value(name);
    if (typeof value === 'string' && value !== '' && value.length <= maxCharacters) return value;
    throw this.#fault(name, `text of 1 to ${maxCharacters} characters`);
  }

  number(name: string): number {
    const value = this.#value(name);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#fault(name, 'a whole number from 0 to 2^53 - 1');
  }

  date(name: string): Date {
    const value = this.#value(name);
    const date = new Date(typeof value === 'string' && DATE.test(value) ? value : NaN);
    // Dates that do not exist (30 February) become others or none.
    if (!Number.isNaN(date.getTime()) && formatDate(date) === value) return date;
    throw this.#fault(name, 'a date as in 2026-01-31T12:00:00Z');
  }

  hex(name: string, pattern: RegExp): Uint8Array {
    const value = this.#value(name);
    if (typeof value === 'string' && pattern.test(value)) return decodeHex(value);
    throw this.#fault(name, 'lower-case hexadecimal digits of the right number');
  }

  list(name: string, maxItems: number): readonly JsonValue[] {
    const value = this.#value(name);
    if (!Array.isArray(value)) throw this.#fault(name, 'a list');
    if (value.length > maxItems)
      throw new RevocationError('LIMIT', `${this.#where}.${name} has more than ${maxItems} items`);
    return value;
  }

  #value(name: string): JsonValue {
    const value = this.has(name) ? this.#object[name] : undefined;
    if (value !== undefined) return value;
    throw new RevocationError('MISSING_FIELD', `${this.#where}.${name} is missing`);
  }

  #fault(name: string, want: string): RevocationError {
    return new RevocationError(
      'FIELD',
      `${this.#where}.${name} is ${quote(this.#object[name])}, want ${want}`,
    );
  }
}

function quote(value: JsonValue | undefined): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}
