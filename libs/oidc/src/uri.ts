import { encodeUtf8 } from '@sigstead/encoding';
import { OidcError, quote } from './errors.ts';

// RFC 3986 path characters as Go's net/url takes them unescaped from a given path: the certificate must read as Fulcio's.
const VERBATIM = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/;
const KEPT_IN_PATH = /[A-Za-z0-9\-._~$&+,/:;=@]/;
const KEPT_IN_FRAGMENT = /[A-Za-z0-9\-._~$&+,/:;=@!()*?]/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const AUTHORITY = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?$/;
const VISIBLE_ASCII = /^[!-~]*$/;

/**
 * A URI for a subject alternative name, printed the way Fulcio's URL printer does. ASCII paths stay as they are (nothing
 * is normalised: a double slash or a dot segment means what it says); others are percent-encoded.
 *
 * @param claim for the error
 * @throws OidcError CLAIM when it is no URI with a scheme, or its authority carries more than host and port
 */
export function identityUri(text: string, claim: string): string {
  const scheme = SCHEME.exec(text)?.[1];
  if (scheme === undefined || BROKEN_ESCAPE.test(text)) throw notAUri(text, claim);
  const [beforeFragment, fragment] = cut(text.slice(scheme.length + 1), '#');
  const [hierarchy, query] = cut(beforeFragment, '?');
  if (query !== undefined && !VISIBLE_ASCII.test(query)) throw notAUri(text, claim);
  return [
    `${scheme.toLowerCase()}:`,
    printHierarchy(hierarchy, text, claim),
    query === undefined ? '' : `?${query}`,
    fragment ? `#${escape(fragment, KEPT_IN_FRAGMENT)}` : '',
  ].join('');
}

/**
 * `base` with path elements behind its own, as Go's JoinPath prints it: repeated slashes become one. Where Go would
 * resolve a dot segment, and so make the name of somebody else, the claim is refused.
 *
 * @param base an http(s) URL without query and fragment
 * @throws OidcError CLAIM
 */
export function joinPath(base: string, elements: readonly string[], claim: string): string {
  const [origin = '', path = ''] = splitOrigin(base);
  const joined = [path, ...elements].join('/');
  const segments = joined.split('/').filter((segment) => segment !== '');
  if (BROKEN_ESCAPE.test(joined) || segments.some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)))
    throw notAUri(joined, claim);
  const end = joined.endsWith('/') && segments.length > 0 ? '/' : '';
  return `${origin}/${escape(segments.join('/'), KEPT_IN_PATH)}${end}`;
}

function printHierarchy(hierarchy: string, text: string, claim: string): string {
  if (!hierarchy.startsWith('//')) {
    if (hierarchy.startsWith('/') || hierarchy === '' || !VISIBLE_ASCII.test(hierarchy))
      throw notAUri(text, claim);
    return hierarchy;
  }
  const slash = hierarchy.indexOf('/', 2);
  const authority = hierarchy.slice(2, slash < 0 ? undefined : slash);
  if (!AUTHORITY.test(authority)) throw notAUri(text, claim);
  return `//${authority}${slash < 0 ? '' : escape(hierarchy.slice(slash), KEPT_IN_PATH)}`;
}

function splitOrigin(base: string): [origin: string, path: string] {
  const slash = base.indexOf('/', base.indexOf('://') + 3);
  return slash < 0 ? [base, ''] : [base.slice(0, slash), base.slice(slash)];
}

function cut(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function notAUri(text: string, claim: string): OidcError {
  return new OidcError('CLAIM', `claim ${claim}: ${quote(text)} cannot be part of a URI`, { claim });
}

function escape(text: string, kept: RegExp): string {
  if (VERBATIM.test(text)) return text;
  let escaped = '';
  for (const byte of encodeUtf8(decodeURIComponentSafely(text))) {
    const character = String.fromCharCode(byte);
    escaped +=
      byte < 0x80 && kept.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

// Escapes already in the text mean their byte; those that are no UTF-8 stay as written and get their % encoded.
function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
