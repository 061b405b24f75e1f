import { encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { digestOf } from './digest.ts';
import { OciError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';

/** A list inside a manifest under a tag, which many writers change by writing the whole manifest again. */
export interface SharedList {
  readonly tag: string;
  /** What the list is of, for messages: `signatures of sha256:...`. */
  readonly what: string;
  /** No more entries than this are written. */
  readonly maxCount: number;
  /** Entries of one key are one entry. */
  readonly keyOf: (entry: JsonValue) => string;
  /**
   * The entries as they are: fields we do not know belong to other writers.
   *
   * @throws OciError MALFORMED when the manifest is no such list
   */
  readonly entriesOf: (manifest: Manifest) => readonly JsonValue[];
  /** Makes the next manifest, and stores what it needs. */
  readonly compose: (
    before: Manifest | undefined,
    entries: readonly JsonValue[],
  ) => Promise<{ readonly mediaType: string; readonly bytes: Uint8Array }>;
}

export interface ListChange {
  readonly add: readonly JsonValue[];
  readonly drop?: (entry: JsonValue) => boolean;
}

/** How often it is written. */
const MAX_WRITES = 20;
/** How often it is read, found to have changed meanwhile, and read again. With fifty signers at once it takes dozens of times. */
const MAX_ATTEMPTS = 200;
const LONGEST_PAUSE_MS = 300;

/**
 * How often a list is seen to hold what we wrote before we go. Whoever looked before our write may still write after it; such
 * writers need a round trip or two, and so does each look.
 */
const LOOKS = 4;

/**
 * Changes a list. The form has no locking: the manifest is read, changed and written, then read again until the registry
 * shows our entries and every entry we had read. Changes through one client wait for each other, so that none is lost, and
 * where a registry knows conditional requests none is lost to others either. Elsewhere, what a foreign writer stores between
 * our last look and our write can be lost unless that writer looks again, as ours do: that gap is kept as small as this form
 * allows.
 *
 * A crash leaves the list as it was, or changed.
 *
 * @returns the digest of the manifest that holds the list; undefined when there is none and nothing to write
 * @throws OciError CONFLICT when other writers keep replacing the manifest, TOO_LARGE when it is full, ...
 */
export function changeSharedList(
  client: RegistryClient,
  ref: ImageReference,
  list: SharedList,
  change: ListChange,
): Promise<string | undefined> {
  return client.inTurn(`${ref.name}:${list.tag}`, () => changeInTurn(client, ref, list, change));
}

async function changeInTurn(
  client: RegistryClient,
  ref: ImageReference,
  list: SharedList,
  { add, drop = () => false }: ListChange,
): Promise<string | undefined> {
  const keysOf = (entries: readonly JsonValue[]) => new Set(entries.map(list.keyOf));
  const ours = keysOf(add);
  const isDropped = (entry: JsonValue) => !ours.has(list.keyOf(entry)) && drop(entry);
  const seed = seedOf(ours);
  let wanted: readonly JsonValue[] = [];
  for (let attempts = 0, writes = 0, looks = 0; ;) {
    const before = await client.findManifest(ref, list.tag);
    const found = before === undefined ? [] : list.entriesOf(before);
    wanted = union(
      found.filter((entry) => !isDropped(entry)),
      union(wanted, add, list),
      list,
    );
    if (sameSet(keysOf(found), keysOf(wanted))) {
      if (attempts === 0 || ++looks === LOOKS) return before?.digest;
      continue;
    }
    looks = 0;
    if (writes === MAX_WRITES || attempts === MAX_ATTEMPTS) {
      throw new OciError(
        'CONFLICT',
        `${list.what} at ${ref.registry} were replaced by others ${attempts} times`,
      );
    }
    if (attempts > 0) await pause(seed, attempts);
    attempts++;
    if (wanted.length > list.maxCount)
      throw new OciError('TOO_LARGE', `${ref.registry} holds ${found.length} ${list.what}, no room for more`);
    const { mediaType, bytes } = await list.compose(before, wanted);
    // Storing what the manifest needs took a while. Looking once more leaves other writers the smallest gap this form allows.
    const latest = await client.findManifest(ref, list.tag);
    if (latest?.digest !== before?.digest) continue;
    await client.replaceManifest(ref, list.tag, mediaType, bytes, latest);
    writes++;
  }
}

/** Signers that were in each other's way must not be so again at once: what they write tells them apart. */
function seedOf(keys: ReadonlySet<string>): number {
  return Number.parseInt(digestOf(encodeUtf8([...keys].join())).slice(-8), 16);
}

/** For a time between nothing and what grows with each attempt, scattered over it by the seed (Knuth's multiplicative hash). */
async function pause(seed: number, attempts: number): Promise<void> {
  const share = (Math.imul(seed + attempts, 0x9e3779b1) >>> 0) / 2 ** 32;
  await new Promise((resolve) => setTimeout(resolve, share * Math.min(attempts * 20, LONGEST_PAUSE_MS)));
}

function union(
  first: readonly JsonValue[],
  second: readonly JsonValue[],
  { keyOf }: SharedList,
): readonly JsonValue[] {
  const keys = new Set(first.map(keyOf));
  return [...first, ...second.filter((entry) => !keys.has(keyOf(entry)))];
}

function sameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}
