import { parseBundle } from '@sigstead/bundle';
import { decodeHex } from '@sigstead/encoding';
import {
  compilePolicy,
  evidenceFromBundle,
  extractIdentity,
  parseArtifactDigest,
  stepOf,
  VerificationError,
  verifyBundle,
  verifySignature,
  type ArtifactDigest,
  type Policy,
  type SignatureVerdict,
  type SignerIdentity,
  type StepName,
} from '@sigstead/verification';
import type { Certificate } from '@sigstead/x509';
import { sha256Digest, type SignedContent } from './content.ts';
import { SigningError, type SigningStep } from './errors.ts';
import { hasPromises, type SigningServices } from './services.ts';
import type { SigningKey } from './signing-key.ts';
import type { Statement } from './statement/statement.ts';

/** Which of our steps made what a verifier finds fault with, by the verifier's step. */
const BLAMED: readonly (readonly [StepName, SigningStep])[] = [
  ['certificate-chain', 'certificate'],
  ['identity-extraction', 'certificate'],
  ['signature', 'signature'],
  ['log-entry', 'log'],
  ['policy', 'certificate'],
];

/**
 * Judges a certificate as a verifier will, its SCT included, before anything is signed with its key and made public.
 *
 * @param possession a message with a signature by the certificate's key, such as the proof that the authority was given
 * @returns whom the authority certified
 * @throws SigningError ANSWER_INVALID of step `certificate`
 */
export function judgeCertificate(
  certificate: Certificate,
  possession: { readonly message: Uint8Array; readonly signature: Uint8Array },
  services: SigningServices,
): SignerIdentity {
  const identity = certifiedIdentity(certificate);
  const signed = sha256Digest(possession.message);
  const evidence = {
    content: { kind: 'message-digest' as const, claimed: signed },
    signature: possession.signature,
    key: { kind: 'certificate' as const, certificate: certificate.raw },
    logEntries: [],
    timestamps: [],
  };
  const verdict = verifySignature(
    { source: 'the signer', evidence },
    signed,
    services.trustedRoot,
    policyOfIdentity(identity),
    { now: services.clock() },
  );
  // The rest is about proofs that are not there yet.
  for (const name of ['certificate-chain', 'identity-extraction', 'signature'] as const)
    assertPassed(verdict, name, 'certificate');
  return identity;
}

/**
 * Judges a bundle as a verifier will, from the text that is going to be handed out. That of a simple signing document is judged as what a
 * `.sig` layer will hold: the document is about the image, and all proofs are about the document.
 *
 * @throws SigningError ANSWER_INVALID
 */
export function judgeBundle(
  text: string,
  { content, signed }: SignedContent,
  key: SigningKey,
  services: SigningServices,
): void {
  const { trustedRoot } = services;
  const bundle = parseBundle(text);
  const policy = policyFor(key);
  const { now, ...options } = optionsFor(services);
  if (content.kind === 'simple-signing') {
    const { kind, payload, imageDigest } = content;
    const evidence = { ...evidenceFromBundle(bundle), content: { kind, payload } };
    const candidate = { source: 'the signer', evidence };
    const image = parseArtifactDigest(imageDigest);
    return assertVerified(
      verifySignature(candidate, image, trustedRoot, policy, { now, ...options }),
      services,
    );
  }
  const artifact = content.kind === 'statement' ? firstSubject(content.statement) : signed;
  assertVerified(verifyBundle(bundle, artifact, trustedRoot, policy, now, options), services);
}

function certifiedIdentity(certificate: Certificate): SignerIdentity {
  try {
    return extractIdentity(certificate);
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    throw new SigningError('certificate', 'ANSWER_INVALID', cause.message, { cause });
  }
}

/** Whoever knows one of a statement's subjects can verify it; any does. */
function firstSubject({ subjects: [{ digest }] }: Statement): ArtifactDigest {
  for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
    const hex = digest[algorithm];
    if (hex !== undefined) return { algorithm, digest: decodeHex(hex) };
  }
  throw new Error('a statement was taken whose subject has no digest');
}

function policyFor(key: SigningKey): Policy {
  if (key.kind === 'certificate') return policyOfIdentity(key.identity);
  return compilePolicy({ key: key.signer.publicKey.toPem() });
}

function policyOfIdentity({ identity, issuer }: SignerIdentity): Policy {
  return compilePolicy({ identity, issuer });
}

/** Every log and every authority that was asked must have kept its word. */
function optionsFor({ logs, timestampAuthorities, clock }: SigningServices) {
  return {
    now: clock(),
    requireInclusionProof: true,
    logThreshold: logs.length,
    timestampThreshold: timestampAuthorities.length,
  };
}

function assertVerified(verdict: SignatureVerdict, services: SigningServices): void {
  if (verdict.verified) return;
  // The certificate was sound before: what its chain fails for now is the time somebody gave.
  const clock = hasPromises(services) ? 'log' : 'timestamp';
  for (const [name, step] of BLAMED) {
    const ofTimestamp = stepOf(verdict.steps, name)?.code?.startsWith('TIMESTAMP_') === true;
    assertPassed(verdict, name, ofTimestamp ? 'timestamp' : name === 'certificate-chain' ? clock : step);
  }
  throw new SigningError('log', 'ANSWER_INVALID', 'the finished signature does not verify');
}

function assertPassed({ steps }: SignatureVerdict, name: StepName, step: SigningStep): void {
  const judged = stepOf(steps, name);
  if (judged?.outcome !== 'failed') return;
  throw new SigningError(step, 'ANSWER_INVALID', judged.reason);
}
