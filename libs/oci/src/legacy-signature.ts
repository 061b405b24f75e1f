import { OciError } from './errors.ts';
import {
  appendLegacyLayer,
  legacyTag,
  MAX_LAYERS,
  readLegacyLayersOf,
  type LegacyKind,
  type LegacyLayer,
  type StoredLayer,
} from './legacy-layers.ts';
import { SIMPLE_SIGNING } from './media-types.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';

/** One layer of a `.sig` manifest: the simple signing document that was signed, and the signature with its proofs as annotations. */
export type LegacySignature = LegacyLayer;

/** How many signatures an image may have in this form. */
export const MAX_SIGNATURES = MAX_LAYERS;

export const LEGACY_SIGNATURES: LegacyKind = {
  suffix: 'sig',
  mediaType: SIMPLE_SIGNING,
  noun: 'signatures',
  maxPayloadBytes: 256 * 1024,
  maxTotalBytes: 8 * 1024 * 1024,
};

/** The tag under which the signatures of an image lie: `sha256-<hex>.sig`. @throws OciError REFERENCE */
export function signatureTag(imageDigest: string): string {
  return legacyTag(LEGACY_SIGNATURES, imageDigest);
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
  return (await readLegacyLayers(client, ref, imageDigest)).map((layer) => {
    if (layer instanceof OciError) throw layer;
    return layer;
  });
}

/**
 * The same with every layer by itself: whoever may add a layer must not be able to hide those of others behind one that
 * cannot be read. Such a layer is in the list as its error.
 *
 * @throws OciError when there is no list of layers, it is too long, or the registry does not answer
 */
export function readLegacyLayers(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(LegacySignature | OciError)[]> {
  return readLegacyLayersOf(LEGACY_SIGNATURES, client, ref, imageDigest);
}

/**
 * Adds a signature to those of an image. A crash leaves unreferenced blobs at most, never half a signature.
 *
 * @returns tag and digest of the manifest that holds the signature
 * @throws OciError CONFLICT when other writers keep replacing the manifest, TOO_LARGE when it is full, ...
 */
export function appendLegacySignature(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  signature: LegacySignature,
): Promise<StoredLayer> {
  return appendLegacyLayer(LEGACY_SIGNATURES, client, ref, imageDigest, signature);
}
