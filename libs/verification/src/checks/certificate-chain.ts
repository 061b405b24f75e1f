import { equalBytes } from '@sigstead/encoding';
import { isWithin, type CertificateAuthority, type TrustedRoot } from '@sigstead/trust';
import { describeName, oids, verifyChain, X509Error, type Certificate } from '@sigstead/x509';
import { VerificationError } from '../errors.ts';
import { describeValidity } from '../text.ts';

/** A chain that leads to the trusted root. */
export interface TrustedChain {
  /** Signing certificate first, trust anchor last. */
  readonly certificates: readonly Certificate[];
  readonly authority: CertificateAuthority;
}

/**
 * Builds the chain from the trusted root's certificates alone: what came with the signature is not asked. The last one that the
 * trusted root lists is its anchor, self-signed or an intermediate (sigstore_trustroot.proto). Each certificate, and the
 * authority's window in the trusted root (inclusive at both ends), must cover `at`.
 *
 * @throws VerificationError CHAIN_UNTRUSTED
 */
export function verifyTrustedChain(
  certificate: Certificate,
  trustedRoot: TrustedRoot,
  at: Date,
): TrustedChain {
  const issuers = trustedRoot.certificateAuthorities.filter((authority) =>
    mayHaveIssued(authority, certificate),
  );
  if (issuers.length === 0) {
    throw untrusted(`issued by "${describeName(certificate.issuer)}", which the trusted root does not know`);
  }
  const current = issuers.filter(({ validFor }) => isWithin(validFor, at));
  if (current.length === 0) {
    const windows = issuers.map(({ validFor }) => describeValidity(validFor)).join(', ');
    throw untrusted(`its authority was not trusted at ${at.toISOString()}, only ${windows}`);
  }
  let refusal: X509Error | undefined;
  for (const authority of current) {
    try {
      const options = { extendedKeyUsage: oids.codeSigning, trustAnchor: 'any' } as const;
      return { certificates: verifyChain(certificate, authority.certificates, at, options), authority };
    } catch (error) {
      if (!(error instanceof X509Error)) throw error;
      refusal = error;
    }
  }
  throw untrusted(refusal?.message ?? 'no chain', refusal);
}

function mayHaveIssued(authority: CertificateAuthority, certificate: Certificate): boolean {
  return authority.certificates.some(({ subject }) => equalBytes(subject, certificate.issuer));
}

function untrusted(reason: string, cause?: unknown): VerificationError {
  return new VerificationError(
    'CHAIN_UNTRUSTED',
    `the certificate does not lead to a trusted root: ${reason}`,
    { cause },
  );
}
