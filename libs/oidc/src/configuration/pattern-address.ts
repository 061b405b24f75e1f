import { OidcError, quote } from '../errors.ts';
import { parseWebUrl } from '../web-url.ts';
import type { IssuerAddress } from './read-identity.ts';

/**
 * Scheme and host of a meta issuer's pattern; the wildcards stay in the host.
 *
 * @throws OidcError CONFIG when it is no web address, or the last label of its host has a wildcard: whoever gets any
 *   name would be an issuer
 */
export function patternAddress(pattern: string): IssuerAddress {
  const url = parseWebUrl(pattern.replaceAll('*', 'x'));
  const hostname = /^[^:]+:\/\/([^/:]+)/.exec(pattern)?.[1];
  if (url === undefined || hostname === undefined) {
    throw new OidcError(
      'CONFIG',
      `${quote(pattern)}: want an http or https URL without credentials, query and fragment`,
    );
  }
  if (hostname.split('.').at(-1)?.includes('*'))
    throw new OidcError('CONFIG', `${quote(pattern)}: the last label of the host must not have a wildcard`);
  return { protocol: url.protocol, hostname };
}
