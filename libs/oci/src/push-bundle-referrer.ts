import { EncodingError, encodeUtf8, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { BUNDLE_LIMITS, isReadableBundleType } from './bundle-referrer.ts';
import { digestOf } from './digest.ts';
import { OciError } from './errors.ts';
import { sorted } from './legacy-layers.ts';
import { OCI_EMPTY, OCI_MANIFEST, SIGSTORE_BUNDLE } from './media-types.ts';
import { pushReferrer, type StoredReferrer } from './push-referrer.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';

/** What a manifest says of the image it refers to. */
export interface Subject {
  readonly mediaType: string;
  readonly digest: string;
  /** bytes */
  readonly size: number;
}

export interface BundleDescription {
  /** Of the in-toto statement inside, when there is one. */
  readonly predicateType?: string;
  /** Further ones; the three that say what the bundle is are written here. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

const EMPTY = encodeUtf8('{}');

/**
 * Stores a Sigstore bundle as a referrer of an image, byte for byte as cosign 3.1 does. Blobs go first, then the manifest, then
 * its place in the list of referrers: a crash leaves nothing that is half visible, and storing again is safe.
 *
 * @param bundle JSON of a bundle of version 0.3 or newer, at most 4 MiB
 * @throws OciError REFUSED when it is no such bundle, CONFLICT when other writers keep replacing the list, ...
 */
export async function pushBundleReferrer(
  client: RegistryClient,
  ref: ImageReference,
  subject: Subject,
  bundle: Uint8Array,
  description: BundleDescription,
): Promise<StoredReferrer> {
  const content = contentOf(bundle);
  const json = manifestOf(subject, bundle, annotationsOf(content, description));
  await client.pushBlob(ref, EMPTY);
  await client.pushBlob(ref, bundle);
  const bytes = encodeUtf8(JSON.stringify(json));
  return pushReferrer(client, ref, subject.digest, { mediaType: OCI_MANIFEST, bytes, json });
}

/** In the order in which Go writes it; cosign repeats the type at the configuration. */
function manifestOf(subject: Subject, bundle: Uint8Array, annotations: Record<string, string>): JsonObject {
  const { mediaType, size, digest } = subject;
  return {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: {
      mediaType: OCI_EMPTY,
      size: EMPTY.length,
      digest: digestOf(EMPTY),
      artifactType: SIGSTORE_BUNDLE,
    },
    layers: [{ mediaType: SIGSTORE_BUNDLE, size: bundle.length, digest: digestOf(bundle) }],
    annotations,
    subject: { mediaType, size, digest },
    artifactType: SIGSTORE_BUNDLE,
  };
}

function annotationsOf(
  content: string,
  { predicateType, annotations, createdAt }: BundleDescription,
): Record<string, string> {
  return sorted({
    ...annotations,
    'org.opencontainers.image.created': createdAt.toISOString().replace(/\.[0-9]+Z$/, 'Z'),
    'dev.sigstore.bundle.content': content,
    ...(predicateType === undefined ? {} : { 'dev.sigstore.bundle.predicateType': predicateType }),
  });
}

/** What readers would not take is not stored. @returns what the bundle holds, in the words of the annotation */
function contentOf(bundle: Uint8Array): 'dsse-envelope' | 'message-signature' {
  const { maxBundleBytes } = BUNDLE_LIMITS;
  if (bundle.length > maxBundleBytes)
    throw new OciError('TOO_LARGE', `bundle of ${bundle.length} bytes, at most ${maxBundleBytes}`);
  const json = parseBundle(bundle);
  const isReadable = typeof json['mediaType'] === 'string' && isReadableBundleType(json['mediaType']);
  const contents = ['dsseEnvelope', 'messageSignature'].filter((key) => isJsonObject(json[key]));
  if (!isReadable || contents.length !== 1)
    throw new OciError('REFUSED', 'what is to be stored is no Sigstore bundle of version 0.3 or newer');
  return contents[0] === 'dsseEnvelope' ? 'dsse-envelope' : 'message-signature';
}

function parseBundle(bundle: Uint8Array): JsonObject {
  try {
    const json = parseJson(bundle, { maxBytes: BUNDLE_LIMITS.maxBundleBytes });
    if (isJsonObject(json)) return json;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new OciError('REFUSED', `what is to be stored is no JSON: ${cause.message}`, { cause });
  }
  throw new OciError('REFUSED', 'what is to be stored is no JSON object');
}
