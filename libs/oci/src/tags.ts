import { EncodingError, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';
import { OciError } from './errors.ts';
import { MAX_MANIFEST_BYTES } from './manifest.ts';
import { isTag } from './reference.ts';

/** One page of `{"name","tags"}`; what is no tag could not be asked for and is left out. @throws OciError MALFORMED */
export function parseTags(bytes: Uint8Array, host: string): string[] {
  const tags = tagsIn(bytes);
  if (tags === null) return [];
  if (Array.isArray(tags)) return tags.filter((tag): tag is string => typeof tag === 'string' && isTag(tag));
  throw new OciError('MALFORMED', `${host} answered a list of tags that is none`);
}

function tagsIn(bytes: Uint8Array): JsonValue | undefined {
  try {
    const json = parseJson(bytes, { maxBytes: MAX_MANIFEST_BYTES });
    return isJsonObject(json) ? json['tags'] : undefined;
  } catch (cause) {
    if (cause instanceof EncodingError) return undefined;
    throw cause;
  }
}
