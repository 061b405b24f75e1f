import { encodeHex } from '@sigstead/encoding';
import { describeName, type Certificate } from '@sigstead/x509';
import {
  assertCertificateValidAt,
  assertCodeSigning,
  readSigningCertificate,
} from '../checks/certificate.ts';
import { verifyTrustedChain } from '../checks/certificate-chain.ts';
import { verifyScts } from '../checks/sct.ts';
import { VerificationError } from '../errors.ts';
import type { SignatureEvidence } from '../evidence/signature-evidence.ts';
import { judgeSigningTime } from '../signing-time.ts';
import { count, printable } from '../text.ts';
import type { Context, SigningLink } from './context.ts';
import type { Finding } from './step.ts';
import type { CertificateFacts } from './step-evidence.ts';

/** Step 2: the chain, at the time the log vouches for. */
export function checkCertificateChain(
  evidence: SignatureEvidence,
  { trustedRoot }: Context,
): Finding<'certificate-chain', SigningLink> {
  const certificate = readSigningCertificate(evidence.certificate);
  assertCodeSigning(certificate);
  const time = judgeSigningTime(evidence.logEntry, trustedRoot);
  // Without a time nothing can pass as a whole; the start of the certificate lets the step still say what is right with it.
  const known = !(time instanceof VerificationError);
  const at = known ? time.at : certificate.notBefore;
  assertCertificateValidAt(certificate, at);
  const { certificates, authority } = verifyTrustedChain(certificate, trustedRoot, at);
  const issuer = certificates[1] ?? certificate;
  const scts = verifyScts(certificate, issuer, trustedRoot);
  const when = known
    ? `at signing time ${at.toISOString()}`
    : `at its start ${at.toISOString()} (no trusted signing time)`;
  return {
    reason: `leads to ${authorityName(certificates)}, valid ${when}, published in ${count(scts.length, 'certificate transparency log')}`,
    evidence: {
      chain: certificates.map(describeCertificate),
      certificateAuthority: authority.uri,
      at: at.toISOString(),
      timeSource: known ? 'signed-entry-timestamp' : 'certificate-start',
      signedCertificateTimestamps: scts.map(({ log, timestamp }) => ({
        log: log.baseUrl,
        logId: encodeHex(log.logId),
        timestamp: timestamp.toISOString(),
      })),
    },
    value: { evidence, certificate, time },
  };
}

function authorityName(certificates: readonly Certificate[]): string {
  const root = certificates.at(-1);
  return root === undefined ? 'a trusted root' : `"${printable(describeName(root.subject))}"`;
}

function describeCertificate(certificate: Certificate): CertificateFacts {
  return {
    subject: describeName(certificate.subject),
    issuer: describeName(certificate.issuer),
    serialNumber: encodeHex(certificate.serialNumber),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
  };
}
