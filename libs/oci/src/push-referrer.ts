import { encodeUtf8, isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { digestOf, quote } from './digest.ts';
import { OciError } from './errors.ts';
import { rawManifestsOf, textsOf, type Manifest } from './manifest.ts';
import { OCI_INDEX } from './media-types.ts';
import type { ImageReference } from './reference.ts';
import { REFERRER_LIMITS, referrersTag } from './referrers.ts';
import type { RegistryClient } from './registry-client.ts';
import { changeSharedList, type SharedList } from './shared-list.ts';

export interface StoredReferrer {
  /** Of the referring manifest. */
  readonly digest: string;
  /** Who lists it: the registry's referrers API, or the index under the referrers tag, which is kept here. */
  readonly listedBy: 'api' | 'tag';
}

/**
 * Stores a manifest that declares a subject, and sees that it is listed among the subject's referrers (distribution-spec,
 * "Pushing Manifests with Subject"). Its blobs must be stored before. A crash leaves a manifest nobody is told of, or one that
 * is listed.
 *
 * @param manifest with `subject` and what describes it in the list
 * @throws OciError CONFLICT when other writers keep replacing the list, TOO_LARGE when it is full, ...
 */
export async function pushReferrer(
  client: RegistryClient,
  ref: ImageReference,
  subjectDigest: string,
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array; readonly json: JsonObject },
): Promise<StoredReferrer> {
  const { mediaType, bytes } = manifest;
  const digest = digestOf(bytes);
  const { subject } = await client.putManifest(ref, digest, mediaType, bytes);
  // Some registries confirm a subject and have no list of referrers all the same.
  if (subject === subjectDigest && (await client.hasReferrersApi(ref, subjectDigest)))
    return { digest, listedBy: 'api' };
  await changeSharedList(client, ref, referrersList(ref, subjectDigest), {
    add: [entryOf(digest, manifest)],
  });
  return { digest, listedBy: 'tag' };
}

/** The index under the referrers tag as a list to change. Entries of other writers stay as they are. */
export function referrersList({ registry }: ImageReference, subjectDigest: string): SharedList {
  const tag = referrersTag(subjectDigest);
  // `cosign copy` pins the image itself under this very name.
  const isNone = (before: Manifest | undefined) => before === undefined || before.digest === subjectDigest;
  return {
    tag,
    what: `referrers of ${subjectDigest}`,
    maxCount: REFERRER_LIMITS.maxReferrers,
    keyOf: (entry) => {
      const digest = isJsonObject(entry) ? entry['digest'] : undefined;
      return typeof digest === 'string' ? digest : JSON.stringify(entry);
    },
    entriesOf: (before) => {
      if (isNone(before)) return [];
      if (before.mediaType === OCI_INDEX) return rawManifestsOf(before, registry);
      throw new OciError('MALFORMED', `${tag} at ${registry} is ${quote(before.mediaType)}, want an index`);
    },
    compose: (before, manifests) => {
      const base = isNone(before) ? { schemaVersion: 2, mediaType: OCI_INDEX } : before?.json;
      const bytes = encodeUtf8(JSON.stringify({ ...base, manifests }));
      return Promise.resolve({ mediaType: OCI_INDEX, bytes });
    },
  };
}

/** What the list says of a manifest, in the order in which Go writes it. */
function entryOf(
  digest: string,
  { mediaType, bytes, json }: { mediaType: string; bytes: Uint8Array; json: JsonObject },
): JsonValue {
  const config = isJsonObject(json['config']) ? json['config'] : {};
  const artifactType = [json['artifactType'], config['mediaType']].find(
    (type) => typeof type === 'string' && type !== '',
  );
  const annotations = textsOf(json['annotations']);
  return {
    mediaType,
    size: bytes.length,
    digest,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}
