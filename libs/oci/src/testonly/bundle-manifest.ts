import { encodeUtf8 } from '@sigstead/encoding';
import { digestOf } from '../digest.ts';
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, SIGSTORE_BUNDLE } from '../media-types.ts';
import type { MemoryRegistry } from './memory-registry.ts';

/** Stores JSON as a manifest under its digest, and further names. @returns its descriptor */
export function storeManifest(registry: MemoryRegistry, json: object, ...names: string[]) {
  const mediaType = 'manifests' in json ? OCI_INDEX : OCI_MANIFEST;
  const bytes = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType, ...json }));
  const digest = digestOf(bytes);
  for (const name of [digest, ...names]) registry.manifests.set(name, { mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}

/** Stores bytes as a blob. @returns its descriptor */
export function storeBlob(registry: MemoryRegistry, text: string, mediaType: string) {
  const bytes = encodeUtf8(text);
  registry.blobs.set(digestOf(bytes), bytes);
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Stores a bundle as a referrer of `subject`, with parts of its manifest replaced. @returns its descriptor */
export function storeBundleReferrer(
  registry: MemoryRegistry,
  subject: string,
  text: string,
  replaced: object = {},
) {
  return storeManifest(registry, {
    artifactType: SIGSTORE_BUNDLE,
    config: storeBlob(registry, '{}', OCI_EMPTY),
    layers: [storeBlob(registry, text, SIGSTORE_BUNDLE)],
    subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 },
    ...replaced,
  });
}
