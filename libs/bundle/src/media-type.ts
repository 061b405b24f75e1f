import { type BundleVersion } from './bundle.ts';
import { BundleError } from './errors.ts';

/** What we write. */
export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const VERSIONS: ReadonlyMap<string, BundleVersion> = new Map([
  ['application/vnd.dev.sigstore.bundle+json;version=0.1', '0.1'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.2', '0.2'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.3', '0.3'],
  [BUNDLE_MEDIA_TYPE, '0.3'],
]);

/** @throws BundleError MEDIA_TYPE */
export function versionOfMediaType(mediaType: string): BundleVersion {
  const version = VERSIONS.get(mediaType);
  if (version === undefined) {
    const shown = JSON.stringify(mediaType.slice(0, 80));
    throw new BundleError('MEDIA_TYPE', 'mediaType', `${shown} is not a bundle of version 0.1, 0.2 or 0.3`);
  }
  return version;
}
