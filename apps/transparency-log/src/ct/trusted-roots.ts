import { encodeHex, equalBytes } from '@sigstead/encoding';
import { Certificate, X509Error } from '@sigstead/x509';

/** Self-signed CA certificates that the chains of a log must end in. */
export class TrustedRoots {
  readonly certificates: readonly Certificate[];

  private constructor(certificates: readonly Certificate[]) {
    this.certificates = certificates;
  }

  /**
   * The self-issued certificates of a PEM file. Others in it, such as the issuing CAs of a chain file, are no roots.
   *
   * @throws X509Error MALFORMED, LIMIT; ROOT without a root; NOT_A_CA when a self-issued certificate is none
   */
  static fromPem(pem: string): TrustedRoots {
    const roots = new Map<string, Certificate>();
    for (const certificate of Certificate.chainFromPem(pem)) {
      if (!equalBytes(certificate.subject, certificate.issuer)) continue;
      if (!certificate.isCa)
        throw new X509Error('NOT_A_CA', `${certificate.describe()} is self-issued and not a CA`);
      roots.set(encodeHex(certificate.raw), certificate);
    }
    if (roots.size === 0) throw new X509Error('ROOT', 'none of the certificates is self-issued');
    return new TrustedRoots([...roots.values()]);
  }

  /** The root that is this certificate, or another certificate of the same name and key: a renewed or a cross-signed one. */
  sameAs(certificate: Certificate): Certificate | undefined {
    const alike = this.certificates.filter(
      (root) => equalBytes(root.subject, certificate.subject) && equalBytes(root.spki, certificate.spki),
    );
    return alike.find((root) => equalBytes(root.raw, certificate.raw)) ?? alike[0];
  }

  /** The roots that may have issued this certificate, the likeliest first: several generations of a CA can bear one name. */
  above(certificate: Certificate): readonly Certificate[] {
    const want = certificate.authorityKeyIdentifier;
    const isNamed = ({ subjectKeyIdentifier: got }: Certificate): number =>
      want !== undefined && got !== undefined && equalBytes(want, got) ? 0 : 1;
    return this.certificates
      .filter((root) => equalBytes(root.subject, certificate.issuer))
      .sort((a, b) => isNamed(a) - isNamed(b));
  }
}
