import { encodeUtf8 } from '@sigstead/encoding';
import { OidcError, quote } from './errors.ts';

interface Part {
  /** What Go's net/url leaves as it was given: the certificate must read as Fulcio's. */
  readonly verbatim: RegExp;
  /** What it leaves alone when it has to escape anything else. */
  readonly kept: RegExp;
}

const PATH: Part = {
  verbatim: /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/,
  kept: /[A-Za-z0-9\-._~$&+,/:;=@]/,
};
const FRAGMENT: Part = {
  verbatim: /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/?]|%[0-9A-Fa-f]{2})*$/,
  kept: /[A-Za-z0-9\-._~$&+,/:;=@!()*?]/,
};
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
    fragment ? `#${escape(fragment, FRAGMENT)}` : '',
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
  return `${origin}/${escape(segments.join('/'), PATH)}${end}`;
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
  return `//${authority}${slash < 0 ? '' : escape(hierarchy.slice(slash), PATH)}`;
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

/** As it is when nothing in it needs an escape; else every escape means its byte and is written again where needed. */
function escape(text: string, { verbatim, kept }: Part): string {
  if (verbatim.test(text)) return text;
  let escaped = '';
  for (const byte of unescape(text)) {
    const character = String.fromCharCode(byte);
    escaped +=
      byte < 0x80 && kept.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** The bytes a text with intact escapes stands for; they need not be UTF-8. */
function unescape(text: string): number[] {
  return text
    .split(/(%[0-9A-Fa-f]{2})/)
    .flatMap((part, at) => (at % 2 === 1 ? [Number.parseInt(part.slice(1), 16)] : [...encodeUtf8(part)]));
}
