import { EphemeralSigner, type Signer } from '@sigstead/crypto';
import { encodeUtf8, equalBytes } from '@sigstead/encoding';
import { isWithin } from '@sigstead/trust';
import { Certificate, describeName, oids, verifyChain, X509Error } from '@sigstead/x509';
import { callStep, readAnswer, SigningError } from './errors.ts';
import { judgeCertificate } from './judge.ts';
import { proofSubject } from './proof-subject.ts';
import { assertComplete, type SigningServices } from './services.ts';
import type { CertifiedKey } from './signing-key.ts';

const MAX_CLOCK_SKEW_MS = 60_000;

/** A certified key with the signer whose bytes its owner must destroy. */
export interface OwnedKey extends CertifiedKey {
  readonly signer: EphemeralSigner;
}

/**
 * Makes a key, has it certified for the token's identity, lends it to `use`, and zeroes it whatever happens. One key may
 * make several signatures while it is lent; see `withCertifiedKeys` for more than its certificate lasts for.
 *
 * @throws SigningError TOKEN, SERVICES, or of step `certificate`
 */
export async function withCertifiedKey<T>(
  services: SigningServices,
  token: string,
  use: (key: CertifiedKey) => Promise<T>,
): Promise<T> {
  const key = await requestCertifiedKey(services, token);
  try {
    return await use(key);
  } finally {
    key.signer.destroy();
  }
}

/**
 * A new key with its certificate, which is judged before anything is signed with it.
 *
 * @returns a key its caller must destroy; on failure it is destroyed here
 * @throws SigningError TOKEN, SERVICES, or of step `certificate`
 */
export async function requestCertifiedKey(services: SigningServices, token: string): Promise<OwnedKey> {
  const subject = proofSubject(token);
  assertComplete(services, true);
  const signer = EphemeralSigner.generate(services.randomBytes);
  try {
    const challenge = encodeUtf8(subject);
    const proofOfPossession = await signer.sign(challenge);
    const certificate = await requestCertificate(services, token, signer, proofOfPossession);
    assertOwnKey(certificate, signer);
    assertCurrent(certificate, services.clock());
    const chain = trustedChain(certificate, services);
    const identity = judgeCertificate(
      certificate,
      { message: challenge, signature: proofOfPossession },
      services,
    );
    return { kind: 'certificate', signer, certificate, chain, identity };
  } catch (error) {
    signer.destroy();
    throw error;
  }
}

async function requestCertificate(
  { fulcio }: SigningServices,
  token: string,
  signer: EphemeralSigner,
  proofOfPossession: Uint8Array,
): Promise<Certificate> {
  if (fulcio === undefined)
    throw new SigningError('input', 'SERVICES', 'there is no certificate authority to sign keyless with');
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
      const options = { extendedKeyUsage: oids.codeSigning, trustAnchor: 'any' } as const;
      return verifyChain(certificate, certificates, at, options).slice(1);
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
