import { encodeUtf8, isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { digestHex, digestOf, quote } from './digest.ts';
import { OciError } from './errors.ts';
import { layersOf, tryLayersOf, type Descriptor, type Manifest } from './manifest.ts';
import { IMAGE_MEDIA_TYPES, OCI_CONFIG, OCI_MANIFEST } from './media-types.ts';
import { Budget, readDescribedBlob, readItems } from './read-item.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import { changeSharedList, type SharedList } from './shared-list.ts';

/** One layer of a manifest that cosign keeps beside an image: what was signed, and its proofs as annotations. */
export interface LegacyLayer {
  readonly payload: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What cosign stores under one kind of tag: `sha256-<hex>.sig`, `.att`. */
export interface LegacyKind {
  readonly suffix: string;
  /** Of its layers; others are left out. */
  readonly mediaType: string;
  /** The plural, for messages. */
  readonly noun: string;
  readonly maxPayloadBytes: number;
  /** Of all payloads of an image together. */
  readonly maxTotalBytes: number;
}

/** Where a new layer is now: tag and digest of the manifest that holds it. */
export interface StoredLayer {
  readonly tag: string;
  readonly digest: string;
}

/** An endless list of signatures is an old way to stall a verifier. */
export const MAX_LAYERS = 256;

/** @throws OciError REFERENCE */
export function legacyTag({ suffix }: LegacyKind, imageDigest: string): string {
  return `sha256-${digestHex(imageDigest)}.${suffix}`;
}

/** Where cosign keeps a bill of materials, which is no list of layers but one document. @throws OciError REFERENCE */
export function billOfMaterialsTag(imageDigest: string): string {
  return `sha256-${digestHex(imageDigest)}.sbom`;
}

/**
 * The layers stored beside an image, oldest first; none when the tag is missing. What cannot be read is in the list as its
 * error.
 *
 * @throws OciError when there is no list of layers, it is too long, or the registry does not answer
 */
export async function readLegacyLayersOf(
  kind: LegacyKind,
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(LegacyLayer | OciError)[]> {
  const tag = legacyTag(kind, imageDigest);
  const manifest = await client.findManifest(ref, tag);
  if (manifest === undefined) return [];
  assertImageManifest(manifest, `${tag} at ${ref.registry}`);
  const budget = new Budget(kind.maxTotalBytes, `${kind.noun} at ${ref.registry}`);
  return readLayersOf(kind, client, ref, manifest, budget);
}

/** The layers of one manifest, wherever it lies, within a budget of bytes. @throws OciError as {@link readLegacyLayersOf} */
export async function readLayersOf(
  kind: LegacyKind,
  client: RegistryClient,
  ref: ImageReference,
  manifest: Manifest,
  budget: Budget,
): Promise<(LegacyLayer | OciError)[]> {
  const layers = tryLayersOf(manifest, MAX_LAYERS, ref.registry)
    .filter((layer) => layer instanceof OciError || layer.mediaType === kind.mediaType)
    .map((layer) => budget.take(layer, kind.maxPayloadBytes));
  return readItems(layers, async (layer) => ({
    payload: await readDescribedBlob(client, ref, layer),
    annotations: layer.annotations ?? {},
  }));
}

/**
 * Adds a layer to those of an image, see {@link changeSharedList}. The blobs go first and the manifest last, so a crash leaves
 * unreferenced blobs at most, never half a signature.
 *
 * @param isReplaced which layers the new one takes the place of, by their annotations
 * @throws OciError CONFLICT when other writers keep replacing the manifest, TOO_LARGE when it is full, ...
 */
export async function appendLegacyLayer(
  kind: LegacyKind,
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  layer: LegacyLayer,
  isReplaced: (annotations: Readonly<Record<string, string>>) => boolean = () => false,
): Promise<StoredLayer> {
  const descriptor = descriptorOf(kind, layer);
  await client.pushBlob(ref, layer.payload);
  return changeLegacyLayers(kind, client, ref, imageDigest, {
    add: [descriptor],
    drop: (entry) => isReplaced((entry as unknown as Descriptor).annotations ?? {}),
  });
}

/** @param change of layers whose blobs are stored already */
export async function changeLegacyLayers(
  kind: LegacyKind,
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  change: { readonly add: readonly JsonValue[]; readonly drop?: (entry: JsonValue) => boolean },
): Promise<StoredLayer> {
  const tag = legacyTag(kind, imageDigest);
  const list: SharedList = {
    tag,
    what: `${kind.noun} of ${imageDigest}`,
    maxCount: MAX_LAYERS,
    keyOf: (entry) => JSON.stringify(entry),
    entriesOf: (manifest) => rawLayers(manifest, `${tag} at ${ref.registry}`, ref.registry),
    compose: async (before, layers) => {
      const config = configOf(layers);
      await client.pushBlob(ref, config);
      return composeManifest(before, layers, config);
    },
  };
  const digest = await changeSharedList(client, ref, list, change);
  // Something was added, so there is a manifest.
  return { tag, digest: digest as string };
}

/** Checked as descriptors, but kept as they are: fields we do not know belong to other writers. */
export function rawLayers(manifest: Manifest, what: string, host: string): JsonValue[] {
  assertImageManifest(manifest, what);
  layersOf(manifest, MAX_LAYERS, host);
  return manifest.json['layers'] as JsonValue[];
}

function assertImageManifest({ mediaType }: Manifest, what: string): void {
  if (!IMAGE_MEDIA_TYPES.includes(mediaType))
    throw new OciError('MALFORMED', `${what} is ${quote(mediaType)}, want an image manifest`);
}

function composeManifest(
  before: Manifest | undefined,
  layers: readonly JsonValue[],
  config: Uint8Array,
): { mediaType: string; bytes: Uint8Array } {
  const base: JsonObject = before?.json ?? { schemaVersion: 2, mediaType: OCI_MANIFEST };
  const manifest: JsonObject = {
    ...base,
    config: { mediaType: configMediaType(base), size: config.length, digest: digestOf(config) },
    layers: [...layers],
  };
  return { mediaType: before?.mediaType ?? OCI_MANIFEST, bytes: encodeUtf8(JSON.stringify(manifest)) };
}

function descriptorOf(kind: LegacyKind, { payload, annotations }: LegacyLayer): JsonObject {
  if (payload.length > kind.maxPayloadBytes) {
    throw new OciError(
      'TOO_LARGE',
      `payload of ${payload.length} bytes, ${kind.noun} have at most ${kind.maxPayloadBytes}`,
    );
  }
  return {
    mediaType: kind.mediaType,
    size: payload.length,
    digest: digestOf(payload),
    annotations: sorted(annotations),
  };
}

/** As Go writes a map. */
export function sorted(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The image configuration cosign writes: nothing but the list of layers, which clients check against the manifest. */
function configOf(layers: readonly JsonValue[]): Uint8Array {
  const epoch = '0001-01-01T00:00:00Z';
  return encodeUtf8(
    JSON.stringify({
      architecture: '',
      created: epoch,
      history: layers.map(() => ({ created: epoch })),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => (layer as JsonObject)['digest'] ?? null) },
      config: {},
    }),
  );
}

function configMediaType({ config }: JsonObject): string {
  const mediaType = isJsonObject(config) ? config['mediaType'] : undefined;
  return typeof mediaType === 'string' ? mediaType : OCI_CONFIG;
}
