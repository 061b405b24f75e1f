import { EncodingError, isJsonObject, type JsonValue, parseJson } from '@sigstead/encoding';
import { type Bundle, type BundleContent, type BundleLimits, DEFAULT_BUNDLE_LIMITS } from './bundle.ts';
import { BundleError } from './errors.ts';
import { versionOfMediaType } from './media-type.ts';
import { MessageReader } from './message-reader.ts';
import { readDsseEnvelope, readMessageSignature } from './parse-content.ts';
import { readVerificationMaterial } from './parse-verification-material.ts';
import { assertVersionRules } from './version-rules.ts';

/**
 * Reads a Sigstore bundle of version 0.1, 0.2 or 0.3. Sizes and counts are bounded before anything is decoded, unknown
 * and repeated fields are refused. Signatures, proofs, times and trust are the verifier's.
 *
 * @param json text, or its UTF-8 bytes
 * @throws BundleError with code and path; no other error on whatever input
 */
export function parseBundle(json: Uint8Array | string, limits: Partial<BundleLimits> = {}): Bundle {
  const bounds = { ...DEFAULT_BUNDLE_LIMITS, ...limits };
  return readBundle(readJson(json, bounds), bounds);
}

/**
 * As {@link parseBundle}, for a bundle that stands inside another document, whose size and depth were bounded when that was parsed.
 *
 * @throws BundleError
 */
export function readBundle(value: JsonValue, limits: Partial<BundleLimits> = {}): Bundle {
  const bounds = { ...DEFAULT_BUNDLE_LIMITS, ...limits };
  assertMediaTypeGiven(value);
  const root = new MessageReader({ value, path: '' }, [
    'mediaType',
    'verificationMaterial',
    'messageSignature',
    'dsseEnvelope',
  ]);
  const mediaType = root.requiredText('mediaType');
  const version = versionOfMediaType(mediaType);
  const bundle: Bundle = {
    mediaType,
    version,
    verificationMaterial: readVerificationMaterial(root, version, bounds),
    content: readContent(root),
  };
  assertVersionRules(bundle);
  return bundle;
}

/** Before any unknown field is refused: many a document beside a signature is no bundle at all, and should be told so. */
function assertMediaTypeGiven(value: JsonValue): void {
  if (!isJsonObject(value) || Object.hasOwn(value, 'mediaType') || Object.hasOwn(value, 'media_type')) return;
  const fields = Object.keys(value).slice(0, 4);
  const shown = fields.map((field) => JSON.stringify(field.slice(0, 40))).join(', ');
  const why = shown === '' ? '' : `: a document of ${shown} is no Sigstore bundle`;
  throw new BundleError('MISSING', 'mediaType', `is required${why}`);
}

function readJson(json: Uint8Array | string, { maxBytes, maxDepth, maxValues }: BundleLimits): JsonValue {
  try {
    return parseJson(json, { maxBytes, maxDepth, maxValues, uniqueMembers: true, exactNumbers: true });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new BundleError(cause.code === 'LIMIT' ? 'LIMIT' : 'JSON', '', cause.message, { cause });
  }
}

function readContent(root: MessageReader): BundleContent {
  const isMessage = root.has('messageSignature');
  const isDsse = root.has('dsseEnvelope');
  if (isMessage && isDsse)
    throw new BundleError('ONE_OF', '', 'both messageSignature and dsseEnvelope are given');
  if (!isMessage && !isDsse)
    throw new BundleError('MISSING', '', 'messageSignature or dsseEnvelope is required');
  return isMessage ? readMessageSignature(root) : readDsseEnvelope(root);
}
