import { encodeUtf8 } from '@sigstead/encoding';
import { OidcError, quote } from './errors.ts';

// RFC 3986 path characters as Go's net/url takes them unescaped from a given path: the certificate must read as Fulcio's.
const VERBATIM = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/;
const ESCAPED_VERBATIM = /[A-Za-z0-9\-._~$&+,/:;=@]/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/**
 * The URI `base/path` for a subject alternative name. ASCII paths stay as they are (nothing is normalised: a double
 * slash or a dot segment means what it says); others are percent-encoded the way Fulcio's URL printer does.
 *
 * @param base from configuration, without a trailing slash
 * @throws OidcError CLAIM when the path cannot be part of a URI
 */
export function identityUri(base: string, path: string, claim: string): string {
  if (BROKEN_ESCAPE.test(path)) {
    throw new OidcError('CLAIM', `claim ${claim}: ${quote(path)} cannot be part of a URI`, { claim });
  }
  const hash = path.indexOf('#');
  const [before, fragment] = hash < 0 ? [path, undefined] : [path.slice(0, hash), path.slice(hash + 1)];
  if (before.includes('?'))
    throw new OidcError('CLAIM', `claim ${claim}: ${quote(path)} would become a query`, { claim });
  return `${base}/${escape(before)}${fragment === undefined ? '' : `#${escape(fragment)}`}`;
}

function escape(text: string): string {
  if (VERBATIM.test(text)) return text;
  let escaped = '';
  for (const byte of encodeUtf8(decodeURIComponentSafely(text))) {
    const character = String.fromCharCode(byte);
    escaped +=
      byte < 0x80 && ESCAPED_VERBATIM.test(character)
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
