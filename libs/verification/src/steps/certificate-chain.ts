import { encodeHex } from '@sigstead/encoding';
import { describeName, type Certificate } from '@sigstead/x509';
import {
  assertCertificateValidAt,
  assertCodeSigning,
  readSigningCertificate,
} from '../checks/certificate.ts';
import { verifyTrustedChain, type TrustedChain } from '../checks/certificate-chain.ts';
import { assertNotRevoked } from '../checks/revocation.ts';
import { verifyScts } from '../checks/sct.ts';
import { VerificationError } from '../errors.ts';
import type { SignatureEvidence } from '../evidence/signature-evidence.ts';
import { tryExtractIdentity } from '../identity.ts';
import { judgeSigningTimes, type SigningTime } from '../signing-times.ts';
import { count, printable } from '../text.ts';
import type { Context, SigningLink } from './context.ts';
import type { Finding } from './step.ts';
import type { CertificateFacts } from './step-evidence.ts';

const DEFAULT_SCT_THRESHOLD = 1;

/** Step 2: the chain, at every time that logs and timestamp authorities vouch for. */
export function checkCertificateChain(
  evidence: SignatureEvidence,
  context: Context,
): Finding<'certificate-chain', SigningLink> {
  return evidence.key.kind === 'public-key'
    ? checkBareKey(evidence, evidence.key.hint, context)
    : checkCertificate(evidence, evidence.key.certificate, context);
}

/** Without a certificate there is no chain; whose key it is only the policy can say. */
function checkBareKey(
  evidence: SignatureEvidence,
  hint: string,
  { policy, trustedRoot }: Context,
): Finding<'certificate-chain', SigningLink> {
  if (policy.keys.length === 0) {
    const named = hint === '' ? '' : ` "${printable(hint, 100)}"`;
    throw new VerificationError(
      'KEY_MISSING',
      `made with a key${named} and no certificate, but the policy has no key to verify it with`,
    );
  }
  return {
    reason: `no certificate: verified with ${count(policy.keys.length, 'key')} of the policy`,
    value: {
      evidence,
      signer: { kind: 'keys', keys: policy.keys },
      times: judgeSigningTimes(evidence, trustedRoot),
    },
  };
}

function checkCertificate(
  evidence: SignatureEvidence,
  der: Uint8Array,
  { trustedRoot, options }: Context,
): Finding<'certificate-chain', SigningLink> {
  const certificate = readSigningCertificate(der);
  assertCodeSigning(certificate);
  const times = judgeSigningTimes(evidence, trustedRoot);
  const known = times instanceof VerificationError ? [] : times.times;
  // Without a time nothing can pass as a whole; the start of the certificate lets the step still say what is right with it.
  const moments = known.length === 0 ? [certificate.notBefore] : known.map(({ at }) => at);
  const { certificates, authority } = verifyAtAll(certificate, moments, trustedRoot);
  const issuer = certificates[1] ?? certificate;
  const scts = verifyScts(certificate, issuer, trustedRoot, options.sctThreshold ?? DEFAULT_SCT_THRESHOLD);
  const latest = moments.reduce((last, at) => (at > last ? at : last));
  if (options.revocations !== undefined) {
    assertNotRevoked(options.revocations, certificate, tryExtractIdentity(certificate), issuer, latest);
  }
  return {
    reason:
      `leads to ${authorityName(certificates)}, valid ${describeTimes(known, certificate)}, ` +
      `published in ${count(scts.length, 'certificate transparency log')}`,
    evidence: {
      chain: certificates.map(describeCertificate),
      certificateAuthority: authority.uri,
      at: latest.toISOString(),
      timeSource: known.find(({ at }) => at === latest)?.source ?? 'certificate-start',
      signedCertificateTimestamps: scts.map(({ log, timestamp }) => ({
        log: log.baseUrl,
        logId: encodeHex(log.logId),
        timestamp: timestamp.toISOString(),
      })),
    },
    value: { evidence, signer: { kind: 'certificate', certificate }, times },
  };
}

/** The chain must hold at each time: one good time does not heal another. */
function verifyAtAll(
  certificate: Certificate,
  moments: readonly Date[],
  trustedRoot: Context['trustedRoot'],
): TrustedChain {
  const chains = moments.map((at) => {
    assertCertificateValidAt(certificate, at);
    return verifyTrustedChain(certificate, trustedRoot, at);
  });
  return chains[0] as TrustedChain;
}

function describeTimes(times: readonly SigningTime[], { notBefore }: Certificate): string {
  if (times.length === 0) return `at its start ${notBefore.toISOString()} (no trusted signing time)`;
  return `at signing time ${times.map(({ at }) => at.toISOString()).join(' and ')}`;
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
