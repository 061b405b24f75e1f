import { EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { z } from 'zod';
import { digestOf, isDigest, quote } from './digest.ts';
import { OciError } from './errors.ts';
import { MANIFEST_MEDIA_TYPES } from './media-types.ts';

/** Largest manifest taken or pushed; the distribution specification asks registries for at least this much. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface Manifest {
  /** Computed from the bytes, never taken from the registry. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly json: JsonObject;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** bytes */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const descriptor = z.object({
  mediaType: z.string().max(255),
  digest: z.string().refine(isDigest),
  size: z.number().int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/**
 * Reads manifest bytes that came with a media type (image-spec manifest.md, image-index.md).
 *
 * @param contentType the header as sent, parameters allowed
 * @throws OciError MALFORMED when it is no manifest or header and content name two different kinds of thing
 */
export function parseManifest(bytes: Uint8Array, contentType: string | null, host: string): Manifest {
  const json = parseObject(bytes, host);
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!MANIFEST_MEDIA_TYPES.includes(mediaType)) {
    throw new OciError(
      'MALFORMED',
      `${host} answered a manifest of unsupported media type ${quote(mediaType)}`,
    );
  }
  if (json['mediaType'] !== undefined && json['mediaType'] !== mediaType) {
    throw new OciError(
      'MALFORMED',
      `${host} declares the manifest as ${mediaType}, but its content names another media type`,
    );
  }
  // One document that reads as an image and as an index means different things to different clients.
  if (json['manifests'] !== undefined && (json['layers'] !== undefined || json['config'] !== undefined)) {
    throw new OciError('MALFORMED', `manifest at ${host} is both an image and an index`);
  }
  return { digest: digestOf(bytes), mediaType, bytes, json };
}

/**
 * The layers of an image manifest.
 *
 * @throws OciError MALFORMED, TOO_LARGE when there are more than `maxCount`
 */
export function layersOf(manifest: Manifest, maxCount: number, host: string): Descriptor[] {
  return tryLayersOf(manifest, maxCount, host).map((layer) => {
    if (layer instanceof OciError) throw layer;
    return layer;
  });
}

/**
 * The layers of an image manifest, each by itself: one that is no descriptor is told as such in its place.
 *
 * @throws OciError MALFORMED when there is no list, TOO_LARGE when there are more than `maxCount`
 */
export function tryLayersOf(manifest: Manifest, maxCount: number, host: string): (Descriptor | OciError)[] {
  const layers = manifest.json['layers'];
  if (!Array.isArray(layers))
    throw new OciError('MALFORMED', `manifest ${manifest.digest} at ${host} has no layers`);
  if (layers.length > maxCount) {
    throw new OciError(
      'TOO_LARGE',
      `manifest ${manifest.digest} at ${host} has ${layers.length} layers, at most ${maxCount} are read`,
    );
  }
  return layers.map((layer, index) => {
    const read = descriptor.safeParse(layer);
    if (!read.success) {
      return new OciError(
        'MALFORMED',
        `layer ${index} of manifest ${manifest.digest} at ${host} is not a descriptor`,
      );
    }
    const { mediaType, digest, size, annotations } = read.data;
    return { mediaType, digest, size, annotations: annotations ?? {} };
  });
}

function parseObject(bytes: Uint8Array, host: string): JsonObject {
  try {
    const json = parseJson(bytes, { maxBytes: MAX_MANIFEST_BYTES });
    if (isJsonObject(json)) return json;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new OciError('MALFORMED', `${host} answered a manifest that is not JSON: ${cause.message}`, {
      cause,
    });
  }
  throw new OciError('MALFORMED', `${host} answered a manifest that is not a JSON object`);
}
