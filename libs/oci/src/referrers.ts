import { digestHex, quote } from './digest.ts';
import { OciError } from './errors.ts';
import { tryManifestsOf, type Descriptor, type Manifest } from './manifest.ts';
import { OCI_INDEX } from './media-types.ts';
import { readDescribedManifest, readItems, type Budget } from './read-item.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient, ReferrersPage } from './registry-client.ts';

/** Bounds of a list that anybody who may write to the repository can make longer. */
export interface ReferrerLimits {
  readonly maxPages: number;
  /** Entries of the list; further ones are not looked at, and the list ends with an error that says so. */
  readonly maxReferrers: number;
  readonly maxManifestBytes: number;
}

export const REFERRER_LIMITS: ReferrerLimits = {
  maxPages: 32,
  maxReferrers: 512,
  maxManifestBytes: 256 * 1024,
};

export interface Referrers {
  /** The registry's own list, or the index that writers keep for registries without one. */
  readonly source: 'api' | 'tag';
  /** Without repetitions. What is no descriptor is told as such in its place. */
  readonly entries: readonly (Descriptor | OciError)[];
}

/** The tag under which writers keep the list of referrers where the registry does not: `sha256-<hex>`. @throws OciError REFERENCE */
export function referrersTag(digest: string): string {
  return `sha256-${digestHex(digest)}`;
}

/**
 * What a registry lists as referring to a manifest (distribution-spec, "Listing Referrers" and "Referrers Tag Schema").
 * Entries are claims: whether one refers to the manifest is said by the manifest it names.
 *
 * @throws OciError when the registry does not answer
 */
export async function listReferrers(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
  limits: Partial<ReferrerLimits> = {},
): Promise<Referrers> {
  const bounds = { ...REFERRER_LIMITS, ...limits };
  const first = await client.getReferrers(ref, digest);
  if (first !== undefined)
    return { source: 'api', entries: await readPages(client, ref, digest, first, bounds) };
  const index = await readReferrersIndex(client, ref, digest);
  if (index === undefined) return { source: 'tag', entries: [] };
  if (index instanceof OciError) return { source: 'tag', entries: [index] };
  const list = new DistinctEntries(bounds.maxReferrers, ref.registry);
  list.add(index);
  return { source: 'tag', entries: list.entries };
}

/**
 * The manifests that are listed as referring to another one, those announced first: a flood of other things must not use up the
 * bounds. What cannot be read is in the list as its error.
 *
 * @throws OciError when the registry does not answer
 */
export async function openReferrers(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
  limits: ReferrerLimits,
  budget: Budget,
  isAnnounced: (entry: Descriptor) => boolean,
): Promise<{ readonly source: Referrers['source']; readonly manifests: (Manifest | OciError)[] }> {
  const { source, entries } = await listReferrers(client, ref, digest, limits);
  const isFirst = (entry: Descriptor | OciError) => !(entry instanceof OciError) && isAnnounced(entry);
  const ordered = [...entries.filter(isFirst), ...entries.filter((entry) => !isFirst(entry))];
  const fitting = ordered.map((entry) => budget.take(entry, limits.maxManifestBytes));
  return {
    source,
    manifests: await readItems(fitting, (entry) => readDescribedManifest(client, ref, entry)),
  };
}

/** The index under the referrers tag, undefined when there is none, or why what lies there is not one. */
export async function readReferrersIndex(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
): Promise<Manifest | OciError | undefined> {
  const tag = referrersTag(digest);
  const index = await client.findManifest(ref, tag);
  // `cosign copy` pins the image itself under this very name.
  if (index === undefined || index.digest === digest) return undefined;
  if (index.mediaType === OCI_INDEX) return index;
  return new OciError('MALFORMED', `${tag} at ${ref.registry} is ${quote(index.mediaType)}, want an index`);
}

async function readPages(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
  first: ReferrersPage,
  limits: ReferrerLimits,
): Promise<(Descriptor | OciError)[]> {
  const list = new DistinctEntries(limits.maxReferrers, ref.registry);
  let page: ReferrersPage | undefined = first;
  for (let count = 1; page !== undefined && list.add(page.index); count++) {
    if (page.next !== undefined && count === limits.maxPages) {
      list.cut(`referrers on more than ${limits.maxPages} pages`);
      break;
    }
    page = page.next === undefined ? undefined : await client.getReferrers(ref, digest, page.next);
  }
  return list.entries;
}

class DistinctEntries {
  readonly entries: (Descriptor | OciError)[] = [];
  readonly #seen = new Set<string>();

  constructor(
    private readonly maxCount: number,
    private readonly host: string,
  ) {}

  /** @returns false when the list is full, and says so */
  add(index: Manifest): boolean {
    for (const entry of tryManifestsOf(index, this.host)) {
      if (!(entry instanceof OciError) && this.#seen.has(entry.digest)) continue;
      if (this.entries.length === this.maxCount) return this.cut(`more than ${this.maxCount} referrers`);
      if (!(entry instanceof OciError)) this.#seen.add(entry.digest);
      this.entries.push(entry);
    }
    return true;
  }

  cut(what: string): false {
    this.entries.push(new OciError('TOO_LARGE', `${this.host} lists ${what}, the rest is not read`));
    return false;
  }
}
