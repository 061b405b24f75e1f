import type { CertificateClaims } from '../certificate-claims.ts';

/** Without the empty ones: an empty value is an extension left out. */
export function present(claims: CertificateClaims): CertificateClaims {
  const { issuer, ...others } = claims;
  return { issuer, ...Object.fromEntries(Object.entries(others).filter(([, text]) => text !== '')) };
}
