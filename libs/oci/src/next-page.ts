import { OciError } from './errors.ts';
import type { Answer } from './exchange.ts';

const MAX_LENGTH = 8192;

// RFC 8288 section 3, as far as registries use it: one target, then its parameters.
const TARGET = /^\s*<([^<>]*)>([^,]*)/;
const REL_NEXT = /;\s*rel\s*=\s*(?:"next"|next)\s*(?:;|$)/i;

/**
 * Where a list goes on, from the `Link` header of a page; undefined on the last one.
 *
 * @param home any URL of the registry: lists of one registry do not go on at another
 * @throws OciError MALFORMED, REFUSED
 */
export function nextPage(answer: Answer, home: URL, registry: string): URL | undefined {
  const link = answer.headers.get('link');
  if (link === null) return undefined;
  const [, target = '', parameters = ''] = TARGET.exec(link.slice(0, MAX_LENGTH)) ?? [];
  if (!REL_NEXT.test(parameters)) return undefined;
  if (!URL.canParse(target, answer.url.href)) {
    throw new OciError('MALFORMED', `registry ${registry} names no usable next page of its list`);
  }
  const next = new URL(target, answer.url);
  if (next.origin === home.origin) return next;
  throw new OciError('REFUSED', `registry ${registry} continues its list at ${next.host}`);
}
