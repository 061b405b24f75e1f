import { isJsonObject } from '@sigstead/encoding';
import { OciError } from './errors.ts';
import { layersOf, subjectDigestOf, textsOf, type Descriptor, type Manifest } from './manifest.ts';
import { IMAGE_MEDIA_TYPES } from './media-types.ts';
import { Budget, readDescribedBlob, readDescribedManifest, readItems } from './read-item.ts';
import type { ImageReference } from './reference.ts';
import { listReferrers, REFERRER_LIMITS, type ReferrerLimits } from './referrers.ts';
import type { RegistryClient } from './registry-client.ts';

/** A Sigstore bundle that was stored as a referrer of an image. What it says and proves is for others to judge. */
export interface BundleReferrer {
  /** `sha256:<hex>` of the manifest that holds the bundle. */
  readonly source: string;
  /** JSON, as stored. */
  readonly bundle: Uint8Array;
  /** Of the manifest: claims of whoever wrote it. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | undefined;
}

export interface BundleLimits extends ReferrerLimits {
  readonly maxManifestBytes: number;
  readonly maxBundleBytes: number;
  /** Of all manifests and bundles together. */
  readonly maxTotalBytes: number;
}

export const BUNDLE_LIMITS: BundleLimits = {
  ...REFERRER_LIMITS,
  maxManifestBytes: 256 * 1024,
  maxBundleBytes: 4 * 1024 * 1024,
  maxTotalBytes: 32 * 1024 * 1024,
};

/**
 * The bundles that refer to an image, in the order of the registry's list with those announced as bundles first. Every
 * manifest is opened: writers leave the type of an entry out, or put another one there. Referrers of other kinds are left
 * out; what cannot be read, or is a bundle in a form nobody would write, is in the list as its error.
 *
 * @throws OciError when the registry does not answer
 */
export async function readBundleReferrers(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  limits: Partial<BundleLimits> = {},
): Promise<(BundleReferrer | OciError)[]> {
  const bounds = { ...BUNDLE_LIMITS, ...limits };
  const budget = new Budget(bounds.maxTotalBytes, `referrers at ${ref.registry}`);
  const { entries } = await listReferrers(client, ref, imageDigest, bounds);
  const listed = announcedFirst(entries).map((entry) => budget.take(entry, bounds.maxManifestBytes));
  const found = await readItems(listed, async (entry) => {
    const manifest = await readDescribedManifest(client, ref, entry);
    return isBundleManifest(manifest) ? readBundleManifest(manifest, ref, imageDigest) : undefined;
  });
  const bundles = found
    .filter((one) => one !== undefined)
    .map((one) => {
      if (one instanceof OciError) return one;
      const refusal = budget.take(one.layer, bounds.maxBundleBytes);
      return refusal instanceof OciError ? refusal : one;
    });
  return readItems(bundles, async ({ layer, ...rest }) => ({
    ...rest,
    bundle: await readDescribedBlob(client, ref, layer),
  }));
}

/** What is announced as a bundle comes first: a flood of other things must not use up the bounds. */
function announcedFirst(entries: readonly (Descriptor | OciError)[]): (Descriptor | OciError)[] {
  const isAnnounced = (entry: Descriptor | OciError) =>
    !(entry instanceof OciError) && isBundleType(entry.artifactType);
  return [...entries.filter(isAnnounced), ...entries.filter((entry) => !isAnnounced(entry))];
}

function isBundleType(mediaType: unknown): boolean {
  return typeof mediaType === 'string' && mediaType.startsWith('application/vnd.dev.sigstore.bundle');
}

// Both spellings of the bundle's media type; versions before 0.3 were never stored this way.
const VERSION =
  /^application\/vnd\.dev\.sigstore\.bundle(?:\.v|\+json; ?version=)([0-9]{1,3})\.([0-9]{1,3})(?:\+json)?$/;

/** Whether this is the media type of a bundle that may be stored as a referrer. */
export function isReadableBundleType(mediaType: string): boolean {
  const [, major, minor] = VERSION.exec(mediaType) ?? [];
  return Number(major) > 0 || Number(minor) >= 3;
}

/** Whether a manifest says in any of its places that it holds a bundle. */
function isBundleManifest({ mediaType, json }: Manifest): boolean {
  if (!IMAGE_MEDIA_TYPES.includes(mediaType)) return false;
  const layers = Array.isArray(json['layers']) ? json['layers'] : [];
  return [json, json['config'], ...layers].some(
    (part) => isJsonObject(part) && (isBundleType(part['artifactType']) || isBundleType(part['mediaType'])),
  );
}

interface BundleManifest extends Omit<BundleReferrer, 'bundle'> {
  readonly layer: Descriptor;
}

/** @throws OciError MALFORMED, TOO_LARGE */
function readBundleManifest(
  manifest: Manifest,
  { registry }: ImageReference,
  imageDigest: string,
): BundleManifest {
  const refuse = (reason: string) =>
    new OciError('MALFORMED', `bundle manifest ${manifest.digest} at ${registry} ${reason}`);
  const subject = subjectDigestOf(manifest);
  if (subject !== imageDigest) throw refuse(`refers to ${subject ?? 'nothing'}, not to ${imageDigest}`);
  const [layer, ...others] = layersOf(manifest, 1, registry);
  if (layer === undefined || others.length > 0) throw refuse('has no layer');
  if (!isReadableBundleType(layer.mediaType)) throw refuse('holds no bundle of version 0.3 or newer');
  const { artifactType, annotations } = manifest.json;
  return {
    source: manifest.digest,
    artifactType: typeof artifactType === 'string' ? artifactType : undefined,
    annotations: textsOf(annotations),
    layer,
  };
}
