import { compareBytes, encodeUtf8 } from '@sigstead/encoding';
import { parseDigest, type ImageReference } from '@sigstead/oci';
import { SigningError } from './errors.ts';

export type Annotations = Readonly<Record<string, string>>;

const MAX_ANNOTATIONS = 64;
const MAX_ANNOTATIONS_LENGTH = 32 * 1024;

/**
 * The document that is signed for an image, byte for byte as cosign writes it (containers-signature(5)): this field order,
 * no white space, `optional` null or the annotations sorted by key, and Go's escapes.
 *
 * @param digest `sha256:<hex>` of the manifest; a tag of `ref` is not part of the document
 * @throws SigningError ANNOTATIONS
 */
export function simpleSigningPayload(
  ref: ImageReference,
  digest: string,
  annotations: Annotations = {},
): Uint8Array {
  const critical = {
    identity: { 'docker-reference': dockerReference(ref) },
    image: { 'docker-manifest-digest': parseDigest(digest) },
    type: 'cosign container image signature',
  };
  return encodeUtf8(goJson({ critical, optional: sortAnnotations(annotations) }));
}

/** The name cosign gives a repository: Docker Hub goes by its old host name there. */
export function dockerReference(ref: ImageReference): string {
  return ref.registry === 'docker.io' ? `index.${ref.name}` : ref.name;
}

function sortAnnotations(annotations: Annotations): Annotations | null {
  const entries = Object.entries(annotations);
  if (entries.length === 0) return null;
  if (entries.length > MAX_ANNOTATIONS) {
    throw new SigningError(
      'input',
      'ANNOTATIONS',
      `${entries.length} annotations, at most ${MAX_ANNOTATIONS} are signed`,
    );
  }
  const length = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (length > MAX_ANNOTATIONS_LENGTH) {
    throw new SigningError(
      'input',
      'ANNOTATIONS',
      `annotations of ${length} characters, at most ${MAX_ANNOTATIONS_LENGTH} are signed`,
    );
  }
  // An object keeps keys that look like numbers in front, whatever their order here; Go does not.
  if (entries.some(([key]) => key === '' || key === '__proto__' || /^[0-9]+$/.test(key))) {
    throw new SigningError('input', 'ANNOTATIONS', 'annotation keys must be neither empty nor plain numbers');
  }
  if (entries.flat().some((text) => /\p{Surrogate}/u.test(text))) {
    throw new SigningError('input', 'ANNOTATIONS', 'annotations must be well-formed Unicode');
  }
  entries.sort(([a], [b]) => compareBytes(encodeUtf8(a), encodeUtf8(b)));
  return Object.fromEntries(entries);
}

/** JSON as Go's encoder writes it: these five characters are always escaped. */
function goJson(value: object): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
