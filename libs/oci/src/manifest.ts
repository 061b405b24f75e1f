import { EncodingError, isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
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
  /** What the registry calls this version of what lies under the name that was asked for. */
  readonly etag?: string;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** bytes */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** What a listed manifest is said to be; often missing, sometimes wrong. */
  readonly artifactType?: string;
}

const descriptor = z.object({
  mediaType: z.string().max(255),
  digest: z.string().refine(isDigest),
  size: z.number().int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
  artifactType: z.string().max(255).nullish(),
});

/** An entry of an index: what only describes its manifest may be wrong, since the manifest says it better. */
const listed = descriptor.extend({
  annotations: z.undefined().catch(undefined),
  artifactType: descriptor.shape.artifactType.catch(undefined),
});

/**
 * Reads manifest bytes that came with a media type (image-spec manifest.md, image-index.md).
 *
 * @param contentType the header as sent, parameters allowed
 * @throws OciError MALFORMED when it is no manifest or header and content name two different kinds of thing
 */
export function parseManifest(bytes: Uint8Array, contentType: string | null, host: string): Manifest {
  const json = parseObject(bytes, host);
  const mediaType = mediaTypeOf(contentType);
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

/** The media type of a `Content-Type` header without its parameters, in lower case. */
export function mediaTypeOf(contentType: string | null): string {
  return contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
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
  const layers = listOf(manifest, 'layers', host);
  if (layers.length > maxCount) {
    throw new OciError(
      'TOO_LARGE',
      `manifest ${manifest.digest} at ${host} has ${layers.length} layers, at most ${maxCount} are read`,
    );
  }
  return layers.map((layer, at) =>
    readDescriptor(layer, `layer ${at} of manifest ${manifest.digest} at ${host}`),
  );
}

/**
 * The manifests an index lists, one after the other and each by itself, as {@link tryLayersOf} does. What else an entry
 * says of its manifest is not judged here.
 *
 * @throws OciError MALFORMED when there is no list
 */
export function* tryManifestsOf(manifest: Manifest, host: string): Generator<Descriptor | OciError> {
  for (const [at, value] of rawManifestsOf(manifest, host).entries()) {
    const read = listed.safeParse(value);
    const what = `entry ${at} of index ${manifest.digest} at ${host}`;
    yield read.success ? described(read.data) : new OciError('MALFORMED', `${what} is not a descriptor`);
  }
}

/** The entries of an index as they are. @throws OciError MALFORMED when there is no list */
export function rawManifestsOf(manifest: Manifest, host: string): readonly JsonValue[] {
  return listOf(manifest, 'manifests', host);
}

/** Digest of the manifest that a manifest declares as its subject; undefined when it declares none that can be one. */
export function subjectDigestOf({ json }: Manifest): string | undefined {
  const digest = isJsonObject(json['subject']) ? json['subject']['digest'] : undefined;
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined;
}

/** The texts of an object, such as annotations; what else it holds is left out. */
export function textsOf(annotations: JsonValue | undefined): Record<string, string> {
  const texts = isJsonObject(annotations) ? Object.entries(annotations) : [];
  return Object.fromEntries(texts.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

function listOf(manifest: Manifest, field: 'layers' | 'manifests', host: string): JsonValue[] {
  const list = manifest.json[field];
  if (Array.isArray(list)) return list;
  // How Go writes an empty list that was never touched.
  if (list === null && field === 'manifests') return [];
  throw new OciError('MALFORMED', `manifest ${manifest.digest} at ${host} has no ${field}`);
}

function readDescriptor(value: JsonValue, what: string): Descriptor | OciError {
  const read = descriptor.safeParse(value);
  return read.success ? described(read.data) : new OciError('MALFORMED', `${what} is not a descriptor`);
}

function described({ annotations, artifactType, ...own }: z.infer<typeof descriptor>): Descriptor {
  return {
    ...own,
    ...(annotations === undefined ? {} : { annotations: annotations ?? {} }),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
  };
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
