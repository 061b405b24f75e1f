import { isRepository, isTag } from '@sigstead/oci';
import { parseContentDigest, tryParseContentDigest, type ContentDigest } from './content-digest.ts';
import { RegistryError } from './registry-error.ts';

/** What a path below `/v2/` points at. */
export type Endpoint =
  | { readonly kind: 'base' }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: ContentDigest }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly target: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly subject: ContentDigest };

const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads a path. Repository names have slashes and may contain the words of the API (as may tags), so the last word that
 * still leaves an item behind it counts.
 *
 * @returns undefined when there is no such endpoint
 * @throws RegistryError NAME_INVALID, DIGEST_INVALID, MANIFEST_INVALID when a part is not of its grammar
 */
export function parseEndpoint(path: string): Endpoint | undefined {
  const decoded = decode(path);
  if (/^\/v2\/?$/.test(decoded)) return { kind: 'base' };
  const match =
    /^\/v2\/(.+)\/(?:(blobs\/uploads)(?:\/([^/]*))?|(blobs|manifests|tags|referrers)\/([^/]+))$/.exec(
      decoded,
    );
  if (match === null) return undefined;
  const [, name = '', uploads, upload = '', kind, named = ''] = match;
  const [resource, item] = uploads === undefined ? [kind, named] : [uploads, upload];
  const repository = assertRepository(name);
  switch (resource) {
    case 'blobs/uploads':
      if (item === '') return { kind: 'uploads', repository };
      if (!UPLOAD_ID.test(item))
        throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'no such upload, begin again');
      return { kind: 'upload', repository, id: item };
    case 'blobs':
      return { kind: 'blob', repository, digest: parseContentDigest(item) };
    case 'manifests':
      return { kind: 'manifest', repository, target: assertTarget(item) };
    case 'tags':
      return item === 'list' ? { kind: 'tags', repository } : undefined;
    default:
      return { kind: 'referrers', repository, subject: parseContentDigest(item) };
  }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new RegistryError('NAME_INVALID', 'path is not valid percent-encoding', { cause });
  }
}

export function assertRepository(name: string): string {
  if (isRepository(name)) return name;
  throw new RegistryError(
    'NAME_INVALID',
    'repository name must be lower-case words of a-z, 0-9 and single separators',
  );
}

function assertTarget(target: string): string {
  if (isTag(target) || tryParseContentDigest(target) !== undefined) return target;
  throw target.includes(':')
    ? new RegistryError('DIGEST_INVALID', 'want sha256:<64 hex digits> or sha512:<128 hex digits>')
    : new RegistryError(
        'MANIFEST_INVALID',
        'tag must be 1 to 128 of A-Z, a-z, 0-9, _, . and -, not starting with . or -',
      );
}
