import { EncodingError, isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { MANIFEST_MEDIA_TYPES, MAX_MANIFEST_BYTES } from '@sigstead/oci';
import { tryParseContentDigest, type ContentDigest } from './content-digest.ts';
import { RegistryError } from './registry-error.ts';

/** What the registry has to know of a manifest. */
export interface ManifestDocument {
  readonly mediaType: string;
  /** Config and layers, which have to be here already; layers kept elsewhere by URL are left out. */
  readonly blobs: readonly ContentDigest[];
  /** Manifests an index lists. */
  readonly manifests: readonly ContentDigest[];
  readonly subject: ContentDigest | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: JsonObject | undefined;
}

/** @throws RegistryError MANIFEST_INVALID */
export function parseManifestDocument(bytes: Uint8Array, contentType: string): ManifestDocument {
  const mediaType = contentType.split(';')[0]?.trim() ?? '';
  if (!MANIFEST_MEDIA_TYPES.includes(mediaType)) throw invalid('unsupported media type of manifest');
  const json = parseObject(bytes);
  if (json['mediaType'] !== undefined && json['mediaType'] !== mediaType) {
    throw invalid('Content-Type and mediaType of the manifest differ');
  }
  if (json['manifests'] !== undefined && (json['layers'] !== undefined || json['config'] !== undefined)) {
    throw invalid('manifest is both an image and an index');
  }
  const isIndex = json['manifests'] !== undefined || /index|list/.test(mediaType);
  const config = isIndex ? undefined : descriptor(json['config'], 'config');
  const layers = isIndex ? [] : descriptors(json['layers'], 'layers');
  const annotations = json['annotations'];
  if (annotations !== undefined && annotations !== null && !isJsonObject(annotations))
    throw invalid('annotations are not an object');
  return {
    mediaType,
    blobs: [...(config === undefined ? [] : [config]), ...layers]
      .filter(({ urls }) => urls === undefined)
      .map(({ digest }) => digest),
    manifests: isIndex ? descriptors(json['manifests'], 'manifests').map(({ digest }) => digest) : [],
    subject:
      json['subject'] === undefined || json['subject'] === null
        ? undefined
        : descriptor(json['subject'], 'subject').digest,
    artifactType: artifactTypeOf(json, config?.mediaType),
    annotations: annotations ?? undefined,
  };
}

interface ReadDescriptor {
  readonly digest: ContentDigest;
  readonly mediaType: string;
  readonly urls: JsonValue | undefined;
}

function descriptors(value: JsonValue | undefined, field: string): ReadDescriptor[] {
  if (!Array.isArray(value)) throw invalid(`${field} is not a list`);
  return value.map((item, index) => descriptor(item, `${field}[${index}]`));
}

function descriptor(value: JsonValue | undefined, field: string): ReadDescriptor {
  if (!isJsonObject(value)) throw invalid(`${field} is not a descriptor`);
  const digest = tryParseContentDigest(value['digest']);
  const { mediaType, size } = value;
  if (
    digest === undefined ||
    typeof mediaType !== 'string' ||
    !Number.isSafeInteger(size) ||
    (size as number) < 0
  ) {
    throw invalid(`${field} is not a descriptor`);
  }
  return { digest, mediaType, urls: value['urls'] };
}

/** Without an artifactType of its own, an image manifest goes by the type of its config (distribution-spec, referrers). */
function artifactTypeOf(json: JsonObject, configMediaType: string | undefined): string | undefined {
  const own = json['artifactType'];
  return typeof own === 'string' && own !== '' ? own : configMediaType;
}

function parseObject(bytes: Uint8Array): JsonObject {
  try {
    const json = parseJson(bytes, { maxBytes: MAX_MANIFEST_BYTES });
    if (isJsonObject(json) && json['schemaVersion'] === 2) return json;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new RegistryError('MANIFEST_INVALID', `manifest is not JSON: ${cause.message}`, { cause });
  }
  throw invalid('manifest is not an object with schemaVersion 2');
}

function invalid(message: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message);
}
