import { isJsonObject } from '@sigstead/encoding';
import { OciError } from './errors.ts';
import { subjectDigestOf, textsOf, tryLayersOf, type Descriptor, type Manifest } from './manifest.ts';
import { IMAGE_MEDIA_TYPES } from './media-types.ts';
import { Budget, readDescribedBlob, readItems } from './read-item.ts';
import type { ImageReference } from './reference.ts';
import { openReferrers, REFERRER_LIMITS, type ReferrerLimits, type Referrers } from './referrers.ts';
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
  readonly maxBundleBytes: number;
  /** Of all manifests and bundles together. */
  readonly maxTotalBytes: number;
}

export const BUNDLE_LIMITS: BundleLimits = {
  ...REFERRER_LIMITS,
  maxBundleBytes: 4 * 1024 * 1024,
  maxTotalBytes: 32 * 1024 * 1024,
};

/** The manifest that holds a bundle, before the bundle itself is fetched. */
export interface BundleManifest extends Omit<BundleReferrer, 'bundle'> {
  readonly layer: Descriptor;
}

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
  const { manifests } = await listBundleReferrers(client, ref, imageDigest, limits);
  return readItems(manifests, async ({ layer, ...rest }) => ({
    ...rest,
    bundle: await readDescribedBlob(client, ref, layer),
  }));
}

/** The same without the bundles themselves. @throws OciError */
export async function listBundleReferrers(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  limits: Partial<BundleLimits> = {},
): Promise<{ readonly source: Referrers['source']; readonly manifests: (BundleManifest | OciError)[] }> {
  const bounds = { ...BUNDLE_LIMITS, ...limits };
  const budget = new Budget(bounds.maxTotalBytes, `referrers at ${ref.registry}`);
  const isAnnounced = ({ artifactType }: Descriptor) => isBundleType(artifactType);
  const { source, manifests } = await openReferrers(client, ref, imageDigest, bounds, budget, isAnnounced);
  const bundles = manifests.map((manifest) => {
    if (manifest instanceof OciError) return manifest;
    return isBundleManifest(manifest) ? readBundleManifest(manifest, ref, imageDigest) : undefined;
  });
  const fitting = bundles
    .filter((one) => one !== undefined)
    .map((one) => {
      if (one instanceof OciError) return one;
      const refusal = budget.take(one.layer, bounds.maxBundleBytes);
      return refusal instanceof OciError ? refusal : one;
    });
  return { source, manifests: fitting };
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

/** The place of the bundle, or why this is a manifest nobody would write. */
function readBundleManifest(
  manifest: Manifest,
  { registry }: ImageReference,
  imageDigest: string,
): BundleManifest | OciError {
  const refusal = (reason: string) =>
    new OciError('MALFORMED', `bundle manifest ${manifest.digest} at ${registry} ${reason}`);
  const subject = subjectDigestOf(manifest);
  if (subject !== imageDigest) return refusal(`refers to ${subject ?? 'nothing'}, not to ${imageDigest}`);
  const layers = Array.isArray(manifest.json['layers']) ? tryLayersOf(manifest, Infinity, registry) : [];
  const [layer] = layers;
  if (layer === undefined || layers.length > 1) return refusal(`has ${layers.length} layers, want one`);
  if (layer instanceof OciError) return layer;
  if (!isReadableBundleType(layer.mediaType)) return refusal('holds no bundle of version 0.3 or newer');
  const { artifactType, annotations } = manifest.json;
  return {
    source: manifest.digest,
    artifactType: typeof artifactType === 'string' ? artifactType : undefined,
    annotations: textsOf(annotations),
    layer,
  };
}
