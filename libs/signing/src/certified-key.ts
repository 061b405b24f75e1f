import { EphemeralSigner, type Signer } from '@sigstead/crypto';
import { encodeUtf8, equalBytes } from '@sigstead/encoding';
import { isWithin } from '@sigstead/trust';
import { Certificate, describeName, oids, verifyChain, X509Error } from '@sigstead/x509';
import { callStep, readAnswer, SigningError } from './errors.ts';
import { proofSubject } from './proof-subject.ts';
import type { SigningServices } from './services.ts';

/** A key that exists for one request, with the certificate for it. */
export interface CertifiedKey {
  readonly signer: Signer;
  readonly certificate: Certificate;
  /** The issuers as the trusted root has them, issuing CA first, root last. */
  readonly chain: readonly Certificate[];
}

const MAX_CLOCK_SKEW_MS = 60_000;

/**
 * Makes a key, has it certified for the token's identity, lends it to `use`, and zeroes it whatever happens. One key may
 * make several signatures while it is lent.
 *
 * @throws SigningError TOKEN, or of step `certificate`
 */
export async function withCertifiedKey<T>(
  services: SigningServices,
  token: string,
  use: (key: CertifiedKey) => Promise<T>,
): Promise<T> {
  const subject = proofSubject(token);
  const signer = EphemeralSigner.generate(services.randomBytes);
  try {
    const certificate = await requestCertificate(services, token, subject, signer);
    assertOwnKey(certificate, signer);
    assertCurrent(certificate, services.clock());
    const chain = trustedChain(certificate, services);
    return await use({ signer, certificate, chain });
  } finally {
    signer.destroy();
  }
}

async function requestCertificate(
  { fulcio }: SigningServices,
  token: string,
  subject: string,
  signer: EphemeralSigner,
): Promise<Certificate> {
  const proofOfPossession = await signer.sign(encodeUtf8(subject));
  const publicKeyPem = signer.publicKey.toPem();
  const { chainPem } = await callStep('certificate', () =>
    fulcio.createSigningCertificate({ token, publicKeyPem, proofOfPossession }),
  );
  return readAnswer('certificate', 'certificate of the authority', () => {
    const certificate = Certificate.fromPem(chainPem[0] ?? '');
    // Asked for here, so that a key the gate refuses is the answer's fault.
    void certificate.publicKey;
    return certificate;
  });
}

function assertOwnKey(certificate: Certificate, signer: Signer): void {
  if (equalBytes(certificate.publicKey.spki, signer.publicKey.spki)) return;
  throw invalid('the authority certified another key than ours');
}

function assertCurrent({ notBefore, notAfter }: Certificate, now: Date): void {
  const ahead = notBefore.getTime() - now.getTime();
  if (ahead <= MAX_CLOCK_SKEW_MS && now <= notAfter) return;
  throw invalid(
    `certificate is valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}, it is ${now.toISOString()}`,
  );
}

/** The authority must lead to our trusted root: what came along as its chain is not asked. */
function trustedChain(certificate: Certificate, { trustedRoot }: SigningServices): Certificate[] {
  const at = certificate.notBefore;
  let refusal: X509Error | undefined;
  for (const { certificates, validFor } of trustedRoot.certificateAuthorities) {
    if (!isWithin(validFor, at)) continue;
    try {
      return verifyChain(certificate, certificates, at, { extendedKeyUsage: oids.codeSigning }).slice(1);
    } catch (error) {
      if (!(error instanceof X509Error)) throw error;
      refusal ??= error;
    }
  }
  const issuer = describeName(certificate.issuer);
  throw invalid(
    `certificate by "${issuer}" does not lead to the trusted root: ${refusal?.message ?? 'no authority is valid now'}`,
    refusal,
  );
}

function invalid(message: string, cause?: unknown): SigningError {
  return new SigningError('certificate', 'ANSWER_INVALID', message, { cause });
}
