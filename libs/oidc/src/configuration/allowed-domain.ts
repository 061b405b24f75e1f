import { OidcError, quote } from '../errors.ts';

/**
 * Whether an issuer may speak for a subject domain: the same host, or the same last two labels (Fulcio,
 * validateAllowedDomain). Too generous below suffixes such as co.uk; wildcards of a pattern count as themselves.
 *
 * @throws OidcError CONFIG
 */
export function assertAllowedDomain(subjectHost: string, issuerHost: string): void {
  if (subjectHost === issuerHost && !subjectHost.includes('*')) return;
  const [subject, issuer] = [subjectHost, issuerHost].map((host) => host.split('.').slice(-2));
  const short = [subject, issuer].some((labels) => labels === undefined || labels.length < 2);
  if (short || subject?.join('.') !== issuer?.join('.') || issuer?.join('').includes('*')) {
    throw new OidcError(
      'CONFIG',
      `${quote(subjectHost)} is not below the domain of the issuer's host ${quote(issuerHost)}`,
    );
  }
}
