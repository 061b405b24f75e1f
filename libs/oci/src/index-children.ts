import { isJsonObject, type JsonValue } from '@sigstead/encoding';
import { quote } from './digest.ts';
import { OciError } from './errors.ts';
import { rawManifestsOf, tryManifestsOf, type Manifest } from './manifest.ts';
import { INDEX_MEDIA_TYPES } from './media-types.ts';
import { readDescribedManifest, readItems } from './read-item.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';

/** One manifest of an index: an image for a platform, or something else that was put beside them. */
export interface IndexChild {
  readonly digest: string;
  readonly mediaType: string;
  /** bytes */
  readonly size: number;
  /** `os/architecture[/variant][:version]`, such as `linux/arm64/v8`; undefined when the index names none. */
  readonly platform: string | undefined;
}

/** Of an index, nested ones included. */
export const MAX_CHILDREN = 256;

const MAX_DEPTH = 4;
// `os/architecture/variant:version`, all but the first left out at will.
const PLATFORM =
  /^([a-z0-9._-]{1,64})(?:\/([a-z0-9._-]{1,64}))?(?:\/([a-z0-9._-]{1,64}))?(?::([a-z0-9._-]{1,64}))?$/i;

/**
 * What an index lists; nothing when the digest is that of a plain image.
 *
 * @throws OciError MALFORMED when an entry is no descriptor, TOO_LARGE when there are more than 256, NOT_FOUND, ...
 */
export async function readIndexChildren(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
): Promise<IndexChild[]> {
  return childrenOf(await client.getManifest(ref, digest), ref.registry);
}

/**
 * A manifest with all that lies below it, the root last: nothing comes before what it is made of. Each is in the list once.
 *
 * @throws OciError as {@link readIndexChildren}, and TOO_LARGE when indexes are nested deeper than four
 */
export async function readManifestTree(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
): Promise<Manifest[]> {
  const nodes = new Map<string, { manifest: Manifest; children: readonly IndexChild[] }>();
  let level = [await client.getManifest(ref, digest)];
  for (let depth = 0; level.length > 0; depth++) {
    for (const manifest of level)
      nodes.set(manifest.digest, { manifest, children: childrenOf(manifest, ref.registry) });
    const below = level.flatMap((manifest) => nodes.get(manifest.digest)?.children ?? []);
    const next = new Map(below.map((child) => [child.digest, child]));
    for (const known of nodes.keys()) next.delete(known);
    if (nodes.size + next.size > MAX_CHILDREN + 1 || (depth === MAX_DEPTH && next.size > 0)) {
      const bound = `more than ${MAX_CHILDREN} manifests or ${MAX_DEPTH} indexes inside each other`;
      throw new OciError('TOO_LARGE', `index ${digest} at ${ref.registry} has ${bound}`);
    }
    level = await readAll(client, ref, [...next.values()]);
  }
  const ordered = new Set<Manifest>();
  // Digests were computed, so no manifest lies below itself.
  const visit = (name: string): void => {
    const node = nodes.get(name);
    if (node === undefined || ordered.has(node.manifest)) return;
    for (const child of node.children) visit(child.digest);
    ordered.add(node.manifest);
  };
  visit(digest);
  return [...ordered];
}

/**
 * The one child for a platform. What is left out of `platform` is not compared.
 *
 * @param platform such as `linux/arm64` or `linux/arm/v7`
 * @throws OciError REFERENCE when it is no platform or fits several, NOT_FOUND when it fits none
 */
export function childForPlatform(children: readonly IndexChild[], platform: string): IndexChild {
  const wanted = PLATFORM.exec(platform)?.slice(1);
  if (wanted === undefined)
    throw new OciError('REFERENCE', `a platform is os/architecture[/variant], got ${quote(platform)}`);
  const fitting = children.filter((child) => {
    const parts = PLATFORM.exec(child.platform ?? '')?.slice(1) ?? [];
    return wanted.every((part, at) => part === undefined || part === parts[at]);
  });
  const [child, ...others] = fitting;
  const listed = (some: readonly IndexChild[]) => some.map((one) => one.platform ?? 'none').join(', ');
  if (child === undefined)
    throw new OciError(
      'NOT_FOUND',
      `the image is not for ${platform}, only for ${listed(children) || 'none'}`,
    );
  if (others.length > 0) throw new OciError('REFERENCE', `${platform} fits several: ${listed(fitting)}`);
  return child;
}

function childrenOf(manifest: Manifest, host: string): IndexChild[] {
  if (!INDEX_MEDIA_TYPES.includes(manifest.mediaType)) return [];
  const raw = rawManifestsOf(manifest, host);
  if (raw.length > MAX_CHILDREN) {
    throw new OciError(
      'TOO_LARGE',
      `index ${manifest.digest} at ${host} lists ${raw.length} manifests, at most ${MAX_CHILDREN} are read`,
    );
  }
  return [...tryManifestsOf(manifest, host)].map((entry, at) => {
    if (entry instanceof OciError) throw entry;
    const { digest, mediaType, size } = entry;
    return { digest, mediaType, size, platform: platformOf(raw[at]) };
  });
}

function platformOf(entry: JsonValue | undefined): string | undefined {
  const platform = isJsonObject(entry) ? entry['platform'] : undefined;
  if (!isJsonObject(platform)) return undefined;
  const [os, architecture, variant, version] = ['os', 'architecture', 'variant', 'os.version'].map((key) => {
    const part = platform[key];
    return typeof part === 'string' && part !== '' ? part : undefined;
  });
  if (os === undefined || architecture === undefined) return undefined;
  const path = [os, architecture, variant].filter((part) => part !== undefined).join('/');
  const text = version === undefined ? path : `${path}:${version}`;
  return PLATFORM.test(text) ? text : undefined;
}

async function readAll(
  client: RegistryClient,
  ref: ImageReference,
  children: readonly IndexChild[],
): Promise<Manifest[]> {
  const manifests = await readItems(children, (child) => readDescribedManifest(client, ref, child));
  return manifests.map((manifest) => {
    if (manifest instanceof OciError) throw manifest;
    return manifest;
  });
}
