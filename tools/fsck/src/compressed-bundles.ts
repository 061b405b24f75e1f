import type { FetchResource } from '@sigstead/tiles';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const decompress = promisify(gunzip);

/** A log whose bundles are kept compressed by gzip and do not say so, such as the bucket behind some logs. */
export function compressedBundles(fetchResource: FetchResource): FetchResource {
  return async (path, maxBytes) => {
    const bytes = await fetchResource(path, maxBytes);
    if (bytes === undefined || !/^tile\/(entries|data)\//.test(path)) return bytes;
    // What is not gzip, or becomes longer than any bundle, is none: its first byte is left, which no bundle consists of.
    return decompress(bytes, { maxOutputLength: maxBytes }).catch(() => bytes.subarray(0, 1));
  };
}
