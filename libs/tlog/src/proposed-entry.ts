import {
  canonicalizeJson,
  EncodingError,
  encodeUtf8,
  equalBytes,
  isJsonObject,
  parseJson,
  type JsonLimits,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { type EntryTypes, type LogEntry } from './entry-type.ts';
import { TlogError } from './errors.ts';
import { rekorEntryTypes, UNSUPPORTED_REKOR_KINDS } from './rekor-entry-types.ts';

/** Bound of a stored body unless the caller knows a tighter one. */
const MAX_CANONICAL_BODY = 16 << 20;

const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;
const MAX_VERSION_LENGTH = 64;

/** The frame every entry has, proposed or stored. */
export interface EntryFrame {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: JsonValue;
}

/** A request to log something: its frame, and the entry parsed by its type, not yet verified. */
export interface ProposedEntry extends EntryFrame {
  readonly entry: LogEntry;
}

/**
 * Reads the body of a create request, in Rekor's order of checks. Unknown fields are ignored, as Rekor does.
 *
 * @throws TlogError LIMIT, JSON, KIND_MISSING, KIND_UNSUPPORTED, KIND_UNKNOWN, API_VERSION_MISSING, API_VERSION, SPEC_MISSING,
 *   VERSION_UNSUPPORTED, then SPEC or VERIFIER
 */
export function parseProposedEntry(
  body: Uint8Array,
  limits: JsonLimits,
  types: EntryTypes = rekorEntryTypes,
): ProposedEntry {
  return readProposedEntry(parseBody(body, limits), types);
}

/** As {@link parseProposedEntry}, for an entry that is part of a larger JSON body. */
export function readProposedEntry(value: JsonValue, types: EntryTypes = rekorEntryTypes): ProposedEntry {
  const body = requireObject(value);
  const kind = readKind(body, types);
  const apiVersion = readApiVersion(body);
  const spec = readSpec(body);
  const type = types.find(kind, apiVersion);
  if (type === undefined) {
    throw new TlogError(
      'VERSION_UNSUPPORTED',
      `${kind} implementation for version '${apiVersion}' not found`,
      {
        field: 'apiVersion',
      },
    );
  }
  return { kind, apiVersion, spec, entry: type.parse(spec) };
}

/**
 * Frame of a body as a log stores it: RFC 8785 bytes with exactly `apiVersion`, `kind` and `spec`. That the bytes are
 * canonical is checked, so repeated keys cannot make two readers see two entries. Kinds are not restricted.
 *
 * @throws TlogError LIMIT, JSON, NOT_CANONICAL, KIND_MISSING, KIND_UNKNOWN, API_VERSION_MISSING, API_VERSION, SPEC_MISSING
 */
export function parseCanonicalBody(
  body: Uint8Array,
  limits: JsonLimits = { maxBytes: MAX_CANONICAL_BODY },
): EntryFrame {
  const value = requireObject(parseBody(body, limits));
  assertCanonical(value, body);
  const frame = { kind: readKind(value), apiVersion: readApiVersion(value), spec: readSpec(value) };
  const count = Object.keys(value).length;
  if (count !== 3) throw new TlogError('NOT_CANONICAL', `stored entry has ${count} fields, want 3`);
  return frame;
}

function parseBody(body: Uint8Array, limits: JsonLimits): JsonValue {
  try {
    return parseJson(body, limits);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError(cause.code === 'LIMIT' ? 'LIMIT' : 'JSON', cause.message, { cause });
  }
}

function requireObject(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw new TlogError('JSON', 'an entry must be a JSON object');
  return value;
}

function assertCanonical(value: JsonValue, body: Uint8Array): void {
  let canonical: string;
  try {
    canonical = canonicalizeJson(value);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('NOT_CANONICAL', 'stored entry has no canonical form', { cause });
  }
  if (!equalBytes(encodeUtf8(canonical), body)) {
    throw new TlogError('NOT_CANONICAL', 'stored entry is not canonical JSON');
  }
}

function readKind(body: JsonObject, types?: EntryTypes): string {
  const kind = own(body, 'kind');
  if (kind === undefined || kind === '')
    throw new TlogError('KIND_MISSING', 'kind in body is required', { field: 'kind' });
  const isKnown = typeof kind === 'string' && types?.hasKind(kind) !== false;
  if (!isKnown && UNSUPPORTED_REKOR_KINDS.some((unsupported) => unsupported === kind)) {
    throw new TlogError(
      'KIND_UNSUPPORTED',
      `entries of kind ${quote(kind)} are not supported, only ${types?.kinds.join(', ')}`,
      { field: 'kind' },
    );
  }
  if (!isKnown) throw new TlogError('KIND_UNKNOWN', `invalid kind value: ${quote(kind)}`, { field: 'kind' });
  return kind;
}

function readApiVersion(body: JsonObject): string {
  const field = 'apiVersion';
  const apiVersion = own(body, field);
  if (apiVersion === undefined || apiVersion === '') {
    throw new TlogError('API_VERSION_MISSING', 'apiVersion in body is required', { field });
  }
  if (typeof apiVersion !== 'string' || apiVersion.length > MAX_VERSION_LENGTH || !SEMVER.test(apiVersion)) {
    throw new TlogError('API_VERSION', `apiVersion in body should match '${SEMVER.source}'`, { field });
  }
  return apiVersion;
}

function readSpec(body: JsonObject): JsonValue {
  const spec = own(body, 'spec');
  if (spec === undefined) throw new TlogError('SPEC_MISSING', 'spec in body is required', { field: 'spec' });
  return spec;
}

/** The field, undefined when absent or null. */
function own(body: JsonObject, field: string): JsonValue | undefined {
  return Object.hasOwn(body, field) ? (body[field] ?? undefined) : undefined;
}

function quote(value: JsonValue): string {
  const text = typeof value === 'string' ? value : typeof value;
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text);
}
