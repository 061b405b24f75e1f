import { FULCIO_EXTENSIONS, readFulcioExtensions, type Certificate, type FulcioClaims } from '@sigstead/x509';
import { checked, VerificationError } from './errors.ts';

export type ClaimName = keyof FulcioClaims;

/** Who signed, by the word of the certificate authority. */
export interface SignerIdentity {
  /** The certificate's one subject alternative name. */
  readonly identity: string;
  readonly identityType: 'uri' | 'email' | 'otherName';
  /** Issuer of the identity token (extension .8, or .1 of old certificates); empty where the certificate was issued for no token. */
  readonly issuer: string;
  readonly claims: Partial<FulcioClaims>;
}

const CLAIM_NAMES: ReadonlySet<string> = new Set(FULCIO_EXTENSIONS.map(({ claim }) => claim));

export function isClaimName(name: string): name is ClaimName {
  return CLAIM_NAMES.has(name);
}

/**
 * Reads identity, issuer and claims. A certificate with several names would let one of them satisfy a policy that meant
 * another; Fulcio writes exactly one.
 *
 * @throws VerificationError IDENTITY_MISSING, IDENTITY_AMBIGUOUS, CERTIFICATE_MALFORMED
 */
export function extractIdentity(certificate: Certificate): SignerIdentity {
  const [name, ...others] = certificate.subjectAlternativeNames;
  if (name === undefined) {
    throw new VerificationError('IDENTITY_MISSING', 'the certificate has no subject alternative name');
  }
  if (others.length > 0) {
    throw new VerificationError(
      'IDENTITY_AMBIGUOUS',
      `the certificate has ${others.length + 1} subject alternative names, want one`,
    );
  }
  if (name.type !== 'uri' && name.type !== 'email' && name.type !== 'otherName') {
    throw new VerificationError(
      'IDENTITY_MISSING',
      `the certificate's name is of type ${name.type}, want a URI or e-mail`,
    );
  }
  const claims = checked('CERTIFICATE_MALFORMED', 'identity extensions', () =>
    readFulcioExtensions(certificate),
  );
  return { identity: name.value, identityType: name.type, issuer: claims.issuer ?? '', claims };
}

/** The same, undefined where {@link extractIdentity} refuses. */
export function tryExtractIdentity(certificate: Certificate): SignerIdentity | undefined {
  try {
    return extractIdentity(certificate);
  } catch (error) {
    if (error instanceof VerificationError) return undefined;
    throw error;
  }
}
