import { isJsonObject, type JsonValue } from '@sigstead/encoding';
import { listBundleReferrers } from './bundle-referrer.ts';
import { OciError } from './errors.ts';
import { attestationTag } from './legacy-attestation.ts';
import { billOfMaterialsTag } from './legacy-layers.ts';
import { signatureTag } from './legacy-signature.ts';
import { referrersList } from './push-referrer.ts';
import type { ImageReference } from './reference.ts';
import { referrersTag } from './referrers.ts';
import type { RegistryClient } from './registry-client.ts';
import { changeSharedList } from './shared-list.ts';

/** What can be removed from an image: the three kinds of tags, and bundles that refer to it. */
export type RemovalKind = 'signature' | 'attestation' | 'sbom' | 'referrer';

export interface RemovedSignatures {
  /** Tags, and digests of referring manifests. */
  readonly removed: readonly string[];
  /** Referrers that cannot be read; they may be anything, and stay. */
  readonly left: readonly OciError[];
}

const TAGS = [
  ['signature', signatureTag],
  ['attestation', attestationTag],
  ['sbom', billOfMaterialsTag],
] as const;
/** How registries say that they delete no tags. */
const NO_TAG_DELETION: readonly (number | undefined)[] = [400, 405];

/**
 * Removes what was stored beside an image; the image itself stays. Bundles leave the list of referrers before their
 * manifests go.
 *
 * @throws OciError STATUS where the registry does not allow it
 */
export async function removeSignatures(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  kinds: readonly RemovalKind[] = ['signature', 'attestation', 'sbom', 'referrer'],
): Promise<RemovedSignatures> {
  const removed: string[] = [];
  for (const [kind, tagOf] of TAGS) {
    const tag = tagOf(imageDigest);
    if (kinds.includes(kind) && (await removeTag(client, ref, tag))) removed.push(tag);
  }
  if (!kinds.includes('referrer')) return { removed, left: [] };
  const referrers = await removeReferrers(client, ref, imageDigest);
  return { ...referrers, removed: [...removed, ...referrers.removed] };
}

/**
 * Removes a tag. Registries that delete no tags lose the manifest it names, with every other tag of that manifest.
 *
 * @returns false when there is no such tag
 * @throws OciError STATUS where the registry does not allow either
 */
export async function removeTag(client: RegistryClient, ref: ImageReference, tag: string): Promise<boolean> {
  const manifest = await client.findManifest(ref, tag);
  if (manifest === undefined) return false;
  try {
    return await client.deleteManifest(ref, tag);
  } catch (error) {
    if (!(error instanceof OciError) || !NO_TAG_DELETION.includes(error.status)) throw error;
    return client.deleteManifest(ref, manifest.digest);
  }
}

async function removeReferrers(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<RemovedSignatures> {
  const { source, manifests } = await listBundleReferrers(client, ref, imageDigest);
  const left = manifests.filter((one) => one instanceof OciError);
  const removed = manifests.flatMap((one) => (one instanceof OciError ? [] : [one.source]));
  if (source === 'tag' && removed.length > 0) await unlist(client, ref, imageDigest, new Set(removed));
  for (const digest of removed) await client.deleteManifest(ref, digest);
  return { removed, left };
}

async function unlist(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  digests: ReadonlySet<unknown>,
): Promise<void> {
  const list = referrersList(ref, imageDigest);
  const drop = (entry: JsonValue) => isJsonObject(entry) && digests.has(entry['digest']);
  await changeSharedList(client, ref, list, { add: [], drop });
  const index = await client.findManifest(ref, list.tag);
  // A list that names nothing is no use, but does no harm where it has to stay.
  if (index !== undefined && list.entriesOf(index).length === 0)
    await removeTag(client, ref, referrersTag(imageDigest)).catch(() => false);
}
