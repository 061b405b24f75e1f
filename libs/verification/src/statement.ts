import {
  isJsonObject,
  parseJson,
  type JsonLimits,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { checked, VerificationError } from './errors.ts';
import { printable } from './text.ts';

/** Payload type of DSSE envelopes that hold in-toto statements. */
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPES: readonly string[] = [
  'https://in-toto.io/Statement/v1',
  'https://in-toto.io/Statement/v0.1',
];

const STATEMENT_LIMITS: JsonLimits = {
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 64,
  maxValues: 1_000_000,
  uniqueMembers: true,
};
/** The bounds sigstore-go has. */
const MAX_SUBJECTS = 1024;
const MAX_DIGESTS = 32;

/** An in-toto statement (in-toto attestation framework, v1 and v0.1): what is said of which artifacts. */
export interface Statement {
  readonly type: string;
  readonly subjects: readonly StatementSubject[];
  readonly predicateType: string;
  /** `null` when absent. */
  readonly predicate: JsonValue;
}

export interface StatementSubject {
  readonly name: string;
  /** Hex by algorithm, as the statement has them. */
  readonly digests: Readonly<Record<string, string>>;
  /** Texts of `annotations`; values of other types are not taken for text. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads a statement. Call it on verified bytes only.
 *
 * @throws VerificationError STATEMENT_MALFORMED
 */
export function parseStatement(payloadType: string, payload: Uint8Array): Statement {
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    throw malformed(`is of type "${printable(payloadType, 100)}", want ${IN_TOTO_PAYLOAD_TYPE}`);
  }
  const json = checked('STATEMENT_MALFORMED', 'signed statement', () => parseJson(payload, STATEMENT_LIMITS));
  if (!isJsonObject(json)) throw malformed('is no JSON object');
  const type = textField(json, '_type');
  if (!STATEMENT_TYPES.includes(type)) {
    throw malformed(`has the _type "${printable(type, 100)}", want ${STATEMENT_TYPES.join(' or ')}`);
  }
  return {
    type,
    subjects: readSubjects(own(json, 'subject')),
    predicateType: textField(json, 'predicateType'),
    predicate: own(json, 'predicate') ?? null,
  };
}

function readSubjects(value: JsonValue | undefined): StatementSubject[] {
  if (!Array.isArray(value) || value.length === 0) throw malformed('has no subject');
  if (value.length > MAX_SUBJECTS)
    throw malformed(`has ${value.length} subjects, at most ${MAX_SUBJECTS} are taken`);
  return value.map((subject, at) => {
    const digests = isJsonObject(subject) ? own(subject, 'digest') : undefined;
    if (!isJsonObject(subject) || !isJsonObject(digests)) throw malformed(`has no digest in subject ${at}`);
    const entries = Object.entries(digests);
    if (entries.length > MAX_DIGESTS)
      throw malformed(`has ${entries.length} digests in subject ${at}, at most ${MAX_DIGESTS} are taken`);
    for (const [algorithm, digest] of entries) {
      if (typeof digest !== 'string')
        throw malformed(`has a digest ${printable(algorithm, 40)} that is no text in subject ${at}`);
    }
    const name = own(subject, 'name') ?? '';
    if (typeof name !== 'string') throw malformed(`has a name that is no text in subject ${at}`);
    const annotations = textsOf(own(subject, 'annotations'));
    return { name, digests: digests as Record<string, string>, annotations };
  });
}

function textsOf(annotations: JsonValue | undefined): Record<string, string> {
  if (!isJsonObject(annotations)) return {};
  return Object.fromEntries(
    Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function textField(parent: JsonObject, field: string): string {
  const value = own(parent, field);
  if (typeof value !== 'string' || value === '') throw malformed(`has no text "${field}"`);
  return value;
}

function own(parent: JsonObject, field: string): JsonValue | undefined {
  return Object.hasOwn(parent, field) ? (parent[field] ?? undefined) : undefined;
}

function malformed(what: string): VerificationError {
  return new VerificationError('STATEMENT_MALFORMED', `signed statement ${what}`);
}
