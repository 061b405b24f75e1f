import { EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import {
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { TufError } from './errors.ts';

/** Signed metadata of the top-level roles, beside the text it was read from. */
export interface RoleMetadata {
  readonly root: Metadata<Root>;
  readonly timestamp: Metadata<Timestamp>;
  readonly snapshot: Metadata<Snapshot>;
  readonly targets: Metadata<Targets>;
}

export type Role = keyof RoleMetadata;

/** Metadata as it was read; the text is what is kept and hashed. */
export interface Signed<R extends Role> {
  readonly text: Uint8Array;
  readonly metadata: RoleMetadata[R];
}

/** Largest file of each role, as python-tuf and tuf-js have it, and how many values it may hold: they are read before any signature is. */
export const METADATA_LIMITS: Readonly<
  Record<Role, { readonly maxBytes: number; readonly maxValues: number }>
> = {
  root: { maxBytes: 512_000, maxValues: 4_096 },
  timestamp: { maxBytes: 16_384, maxValues: 256 },
  snapshot: { maxBytes: 2_000_000, maxValues: 4_096 },
  targets: { maxBytes: 5_000_000, maxValues: 16_384 },
};
const MAX_DEPTH = 12;

/**
 * Reads metadata of a role (TUF 1.0.34, section 4). Nothing is verified here.
 *
 * @throws TufError MALFORMED, LIMIT
 */
export function readMetadata<R extends Role>(role: R, text: Uint8Array): Signed<R> {
  const json = parse(role, text);
  try {
    const metadata = Metadata.fromJSON(
      KINDS[role] as MetadataKind.Root,
      json,
    ) as Metadata<Root> as RoleMetadata[R];
    const { version, expires } = metadata.signed;
    if (!Number.isSafeInteger(version) || version < 1) throw new TufError('MALFORMED', `version ${version}`);
    // The models compare dates that are none as not yet over.
    if (Number.isNaN(Date.parse(expires))) throw new TufError('MALFORMED', 'expires at no date');
    return { text, metadata };
  } catch (cause) {
    // The models throw TypeErrors and others as they come upon them.
    throw new TufError('MALFORMED', `${role}.json is no ${role} metadata: ${wordsOf(cause)}`, { cause });
  }
}

/** Of the date only: whether it counts is asked where the specification asks. */
export function expiryOf(signed: { readonly expires: string }): Date {
  return new Date(signed.expires);
}

const KINDS: Readonly<Record<Role, MetadataKind>> = {
  root: MetadataKind.Root,
  timestamp: MetadataKind.Timestamp,
  snapshot: MetadataKind.Snapshot,
  targets: MetadataKind.Targets,
};

function parse(role: Role, text: Uint8Array): JsonObject {
  try {
    const value = parseJson(text, { ...METADATA_LIMITS[role], maxDepth: MAX_DEPTH });
    if (isJsonObject(value)) return value;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    const code = cause.code === 'LIMIT' ? 'LIMIT' : 'MALFORMED';
    throw new TufError(code, `${role}.json: ${cause.message}`, { cause });
  }
  throw new TufError('MALFORMED', `${role}.json is no JSON object`);
}

function wordsOf(cause: unknown): string {
  const words = cause instanceof Error ? cause.message : 'unknown reason';
  return words.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
