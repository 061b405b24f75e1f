import { encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { digestHex, digestOf } from './digest.ts';
import { OciError } from './errors.ts';
import { layersOf, tryLayersOf, type Descriptor, type Manifest } from './manifest.ts';
import { IMAGE_MEDIA_TYPES, OCI_CONFIG, OCI_MANIFEST, SIMPLE_SIGNING } from './media-types.ts';
import type { ImageReference } from './reference.ts';
import { readDescribedBlob, readItem } from './read-item.ts';
import type { RegistryClient } from './registry-client.ts';

/** One layer of a `.sig` manifest: what was signed, and the signature with its proofs as annotations. */
export interface LegacySignature {
  readonly payload: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Bounds of what is read from a registry: an endless list of signatures is an old way to stall a verifier. */
export const MAX_SIGNATURES = 256;
export const MAX_PAYLOAD_BYTES = 256 * 1024;
export const MAX_PAYLOADS_BYTES = 8 * 1024 * 1024;

const MAX_ATTEMPTS = 8;

/** The tag under which the signatures of an image lie: `sha256-<hex>.sig`. @throws OciError REFERENCE */
export function signatureTag(imageDigest: string): string {
  return `sha256-${digestHex(imageDigest)}.sig`;
}

/**
 * The signatures stored beside an image, oldest first; none when the tag is missing. Layers of other media types are
 * not signatures and are left out.
 *
 * @throws OciError TOO_LARGE beyond 256 layers, 256 KiB for a payload or 8 MiB for all, DIGEST_MISMATCH, MALFORMED, ...
 */
export async function readLegacySignatures(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<LegacySignature[]> {
  const signatures: LegacySignature[] = [];
  for (const layer of (await findLayers(client, ref, imageDigest)).map(assertReadable)) {
    signatures.push(assertReadable(await readLayer(client, ref, layer)));
  }
  return signatures;
}

/**
 * The same with every layer by itself: whoever may add a layer must not be able to hide those of others behind one that
 * cannot be read. Such a layer is in the list as its error.
 *
 * @throws OciError when there is no list of layers, it is too long, or the registry does not answer
 */
export async function readLegacyLayers(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(LegacySignature | OciError)[]> {
  const found: (LegacySignature | OciError)[] = [];
  for (const layer of await findLayers(client, ref, imageDigest)) {
    found.push(layer instanceof OciError ? layer : await readLayer(client, ref, layer));
  }
  return found;
}

/** The layers that are to be fetched, or why one of them is not. */
async function findLayers(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(Descriptor | OciError)[]> {
  const manifest = await readManifest(client, ref, signatureTag(imageDigest));
  if (manifest === undefined) return [];
  let total = 0;
  return tryLayersOf(manifest, MAX_SIGNATURES, ref.registry)
    .filter((layer) => layer instanceof OciError || layer.mediaType === SIMPLE_SIGNING)
    .map((layer) => {
      if (layer instanceof OciError) return layer;
      const refusal = judgeSize(layer, MAX_PAYLOADS_BYTES - total, ref.registry);
      if (refusal === undefined) total += layer.size;
      return refusal ?? layer;
    });
}

function assertReadable<T>(layer: T | OciError): T {
  if (layer instanceof OciError) throw layer;
  return layer;
}

async function readLayer(
  client: RegistryClient,
  ref: ImageReference,
  layer: Descriptor,
): Promise<LegacySignature | OciError> {
  const payload = await readItem(() => readDescribedBlob(client, ref, layer));
  return payload instanceof OciError ? payload : { payload, annotations: layer.annotations ?? {} };
}

/**
 * Adds a signature to those of an image. The form has no locking: the manifest is read, extended and written, then
 * read again until the registry shows our layer and every layer we had read. What a foreign writer stores between our last
 * look and our write can still be lost, as with every writer of this form.
 *
 * The blobs go first and the manifest last, so a crash leaves unreferenced blobs at most, never half a signature.
 *
 * @returns tag and digest of the manifest that holds the signature
 * @throws OciError CONFLICT when other writers keep replacing the manifest, TOO_LARGE when it is full, ...
 */
export async function appendLegacySignature(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  signature: LegacySignature,
): Promise<{ tag: string; digest: string }> {
  const tag = signatureTag(imageDigest);
  const layer = layerOf(signature);
  await client.pushBlob(ref, signature.payload);
  let known: JsonValue[] = [];
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = await readManifest(client, ref, tag);
    const layers = mergeLayers(known, before === undefined ? [] : rawLayers(before, ref.registry));
    known = contains(layers, layer) ? layers : [...layers, layer];
    if (known.length > MAX_SIGNATURES) {
      throw new OciError(
        'TOO_LARGE',
        `image ${imageDigest} at ${ref.registry} has ${layers.length} signatures, no room for more`,
      );
    }
    if (before !== undefined && known.length === rawLayers(before, ref.registry).length)
      return { tag, digest: before.digest };
    const config = configOf(known);
    await client.pushBlob(ref, config);
    // Uploading took a while. Looking once more leaves other writers the smallest gap this form allows.
    const latest = await readManifest(client, ref, tag);
    if (latest?.digest === before?.digest) await writeManifest(client, ref, tag, before, known, config);
  }
  const after = await readManifest(client, ref, tag);
  if (after !== undefined && known.every((one) => contains(rawLayers(after, ref.registry), one)))
    return { tag, digest: after.digest };
  throw new OciError(
    'CONFLICT',
    `signatures of ${imageDigest} at ${ref.registry} were replaced by others ${MAX_ATTEMPTS} times`,
  );
}

async function writeManifest(
  client: RegistryClient,
  ref: ImageReference,
  tag: string,
  before: Manifest | undefined,
  layers: readonly JsonValue[],
  config: Uint8Array,
): Promise<void> {
  const base: JsonObject = before?.json ?? { schemaVersion: 2, mediaType: OCI_MANIFEST };
  const manifest: JsonObject = {
    ...base,
    config: { mediaType: configMediaType(base), size: config.length, digest: digestOf(config) },
    layers: [...layers],
  };
  await client.pushManifest(
    ref,
    tag,
    before?.mediaType ?? OCI_MANIFEST,
    encodeUtf8(JSON.stringify(manifest)),
  );
}

async function readManifest(
  client: RegistryClient,
  ref: ImageReference,
  tag: string,
): Promise<Manifest | undefined> {
  try {
    const manifest = await client.getManifest(ref, tag);
    if (IMAGE_MEDIA_TYPES.includes(manifest.mediaType)) return manifest;
    throw new OciError(
      'MALFORMED',
      `${tag} at ${ref.registry} is ${manifest.mediaType}, want an image manifest`,
    );
  } catch (error) {
    if (error instanceof OciError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Checked as descriptors, but kept as they are: fields we do not know belong to other writers. */
function rawLayers(manifest: Manifest, host: string): JsonValue[] {
  layersOf(manifest, MAX_SIGNATURES, host);
  return manifest.json['layers'] as JsonValue[];
}

function mergeLayers(known: readonly JsonValue[], found: readonly JsonValue[]): JsonValue[] {
  return [...found, ...known.filter((layer) => !contains(found, layer))];
}

function contains(layers: readonly JsonValue[], layer: JsonValue): boolean {
  const text = JSON.stringify(layer);
  return layers.some((other) => JSON.stringify(other) === text);
}

function layerOf({ payload, annotations }: LegacySignature): JsonObject {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new OciError(
      'TOO_LARGE',
      `signature payload of ${payload.length} bytes, at most ${MAX_PAYLOAD_BYTES}`,
    );
  }
  // Sorted, as Go writes a map.
  const sorted = Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { mediaType: SIMPLE_SIGNING, size: payload.length, digest: digestOf(payload), annotations: sorted };
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

function configMediaType(manifest: JsonObject): string {
  const config = manifest['config'];
  const mediaType =
    typeof config === 'object' && config !== null && !Array.isArray(config) ? config['mediaType'] : undefined;
  return typeof mediaType === 'string' ? mediaType : OCI_CONFIG;
}

function judgeSize({ size }: Descriptor, room: number, host: string): OciError | undefined {
  if (size > MAX_PAYLOAD_BYTES)
    return new OciError(
      'TOO_LARGE',
      `signature payload of ${size} bytes at ${host}, at most ${MAX_PAYLOAD_BYTES}`,
    );
  if (size <= room) return undefined;
  return new OciError(
    'TOO_LARGE',
    `signature payloads at ${host} have more than ${MAX_PAYLOADS_BYTES} bytes together`,
  );
}
