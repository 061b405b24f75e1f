import type { TransparencyLogEntry } from '@sigstead/bundle';
import {
  compilePolicy,
  extractIdentity,
  parseArtifactDigest,
  stepOf,
  VerificationError,
  verifySignature,
  type SignatureVerdict,
  type SignerIdentity,
  type StepName,
} from '@sigstead/verification';
import type { Certificate } from '@sigstead/x509';
import { SigningError, type SigningStep } from './errors.ts';
import type { SigningServices } from './services.ts';

/** A signature of ours on its way: everything a verifier will see of it. */
export interface OwnSignature {
  /** `sha256:<hex>` of the image manifest. */
  readonly digest: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly certificate: Certificate;
  readonly identity: SignerIdentity;
}

/** Which of our steps made what a verifier's step finds fault with; the first three can be judged without a log entry. */
const STEPS: readonly (readonly [StepName, SigningStep])[] = [
  ['certificate-chain', 'certificate'],
  ['identity-extraction', 'certificate'],
  ['signature', 'signature'],
  ['log-entry', 'log'],
  ['policy', 'certificate'],
];

/** Whom the authority certified. @throws SigningError of step `certificate` */
export function certifiedIdentity(certificate: Certificate): SignerIdentity {
  try {
    return extractIdentity(certificate);
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    throw new SigningError('certificate', 'ANSWER_INVALID', cause.message, { cause });
  }
}

/**
 * Judges certificate (with its SCT) and signature as a verifier will, before anything about them is made public in the log.
 *
 * @throws SigningError ANSWER_INVALID of step `certificate` or `signature`
 */
export function judgeBeforeLogging(own: OwnSignature, services: SigningServices): void {
  const verdict = judge(own, undefined, services);
  for (const [name, step] of STEPS.slice(0, 3)) assertPassed(verdict, name, step);
}

/**
 * Judges the finished signature: promise, inclusion proof and checkpoint of the log included.
 *
 * @throws SigningError ANSWER_INVALID
 */
export function judgeFinished(
  own: OwnSignature,
  entry: TransparencyLogEntry,
  services: SigningServices,
): void {
  const verdict = judge(own, entry, services);
  if (verdict.verified) return;
  for (const [name, step] of STEPS) assertPassed(verdict, name, step);
  throw new SigningError('log', 'ANSWER_INVALID', 'the finished signature does not verify');
}

function judge(
  own: OwnSignature,
  logEntry: TransparencyLogEntry | undefined,
  services: SigningServices,
): SignatureVerdict {
  const { payload, signature, certificate, identity } = own;
  const evidence = {
    content: { kind: 'simple-signing' as const, payload },
    signature,
    key: { kind: 'certificate' as const, certificate: certificate.raw },
    logEntries: logEntry === undefined ? [] : [logEntry],
    timestamps: [],
  };
  const policy = compilePolicy({ identity: identity.identity, issuer: identity.issuer });
  const options = { now: services.clock(), requireInclusionProof: true };
  return verifySignature(
    { source: 'the signer', evidence },
    parseArtifactDigest(own.digest),
    services.trustedRoot,
    policy,
    options,
  );
}

function assertPassed({ steps }: SignatureVerdict, name: StepName, step: SigningStep): void {
  const judged = stepOf(steps, name);
  if (judged?.outcome !== 'failed') return;
  throw new SigningError(step, 'ANSWER_INVALID', judged.reason);
}
