import {
  layersOf,
  listReferrers,
  MAX_MANIFEST_BYTES,
  OciError,
  readIndexChildren,
  type Descriptor,
  type ImageReference,
  type RegistryClient,
} from '@sigstead/oci';
import { isJsonObject } from '@sigstead/encoding';
import { printable } from '../../printable.ts';
import { resolveImage } from '../image/gather-evidence.ts';
import { fullName, readImageReference } from '../../registry/image-reference.ts';
import { withRegistry } from '../image/registry.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import type { Surroundings } from '../options.ts';
import { attachedTag, type AttachedKind } from './attached-tags.ts';

/** One thing beside an image, with the digests of what it holds. */
export interface Branch {
  /** As cosign names it. */
  readonly title: string;
  readonly layers: readonly string[];
}

const MAX_LAYERS = 256;
const PREDICATE_TYPE = 'dev.sigstore.bundle.predicateType';
const KINDS: readonly (readonly [AttachedKind, string])[] = [
  ['signature', '🔐 Signatures'],
  ['attestation', '💾 Attestations'],
  ['sbom', '📦 SBOMs'],
];

/** Prints what signatures, attestations and bills of materials an image has, and those of its platforms. @throws CliError */
export async function printTree(
  image: string,
  options: RegistryOptions,
  environment: Surroundings['environment'],
): Promise<void> {
  const reference = readImageReference(image);
  await withRegistry(reference, options, environment, async (registry) => {
    const { client, repository } = registry;
    const digest = await resolveImage(registry, reference);
    process.stdout.write(renderTree(fullName(reference), await branchesOf(client, repository, digest)));
    for (const { digest: child, platform } of await readIndexChildren(client, reference, digest)) {
      const branches = await branchesOf(client, repository, child);
      const name = `${reference.name}@${child}${platform === undefined ? '' : ` (${platform})`}`;
      process.stdout.write(renderTree(name, branches));
    }
  });
}

/** In cosign's words. What came from others is made safe for terminals. */
export function renderTree(image: string, branches: readonly Branch[]): string {
  const title = `📦 Supply Chain Security Related artifacts for an image: ${image}`;
  const lines = branches.flatMap(({ title, layers }) => [
    `└── ${title}`,
    ...layers.map((digest, at) => `   ${at === layers.length - 1 ? '└' : '├'}── 🍒 ${digest}`),
  ]);
  const found =
    lines.length > 0 ? lines : [`No Supply Chain Security Related Artifacts found for image ${image}`];
  return [title, ...found].map((line) => `${printable(line)}\n`).join('');
}

async function branchesOf(client: RegistryClient, image: ImageReference, digest: string): Promise<Branch[]> {
  const tagged = await Promise.all(
    KINDS.map(([kind, title]) => taggedBranch(client, image, kind, title, digest)),
  );
  const { entries } = await listReferrers(client, image, digest);
  const referring: Branch[] = [];
  for (const entry of entries) referring.push(await referrerBranch(client, image, entry));
  return [...tagged.flat(), ...referring];
}

async function taggedBranch(
  client: RegistryClient,
  image: ImageReference,
  kind: AttachedKind,
  title: string,
  digest: string,
): Promise<Branch[]> {
  const tag = attachedTag(kind, digest);
  const place = `${title} for an image tag: ${image.name}:${tag}`;
  return unlessUnreadable(
    async () => {
      const manifest = await client.findManifest(image, tag);
      if (manifest === undefined) return [];
      const layers = layersOf(manifest, MAX_LAYERS, image.registry);
      return [{ title: place, layers: layers.map((layer) => layer.digest) }];
    },
    (reason) => [{ title: `${place} (cannot be read: ${reason})`, layers: [] }],
  );
}

/** The manifest says better than the list what it is. */
async function referrerBranch(
  client: RegistryClient,
  image: ImageReference,
  entry: Descriptor | OciError,
): Promise<Branch> {
  if (entry instanceof OciError)
    return { title: `🔗 a referrer (cannot be read: ${entry.message})`, layers: [] };
  const place = `artifacts via OCI referrer: ${image.name}@${entry.digest}`;
  return unlessUnreadable(
    async () => {
      const manifest = await client.getManifest(image, entry.digest, MAX_MANIFEST_BYTES);
      const { annotations, artifactType, layers } = manifest.json;
      const type = isJsonObject(annotations) ? (annotations[PREDICATE_TYPE] ?? artifactType) : artifactType;
      return {
        title: `🔗 ${typeof type === 'string' ? type : (entry.artifactType ?? 'unknown')} ${place}`,
        layers: Array.isArray(layers)
          ? layersOf(manifest, MAX_LAYERS, image.registry).map((layer) => layer.digest)
          : [],
      };
    },
    (reason) => ({ title: `🔗 ${place} (cannot be read: ${reason})`, layers: [] }),
  );
}

/** One thing that cannot be read hides no other; a registry that does not answer hides them all. */
async function unlessUnreadable<T>(read: () => Promise<T>, otherwise: (reason: string) => T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isKnown =
      error instanceof OciError &&
      ['MALFORMED', 'TOO_LARGE', 'NOT_FOUND', 'DIGEST_MISMATCH'].includes(error.code);
    if (!isKnown) throw error;
    return otherwise(error.message);
  }
}
