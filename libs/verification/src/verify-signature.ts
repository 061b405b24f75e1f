import { encodeHex } from '@sigstead/encoding';
import type { TrustedRoot } from '@sigstead/trust';
import { VerificationError } from './errors.ts';
import {
  formatArtifactDigest,
  type Artifact,
  type SignatureEvidence,
} from './evidence/signature-evidence.ts';
import type { Policy, PolicySubject } from './policy.ts';
import { checkCertificateChain } from './steps/certificate-chain.ts';
import type { Context, SignedLink, VerificationOptions } from './steps/context.ts';
import { checkIdentity, type Signatory } from './steps/identity-extraction.ts';
import { checkLogEntry } from './steps/log-entry.ts';
import { checkPolicy } from './steps/policy.ts';
import { checkSignature } from './steps/signature.ts';
import { StepRecord, type Finding, type Step } from './steps/step.ts';
import { printable } from './text.ts';

/** One signature found somewhere: its evidence, or why that could not be read. */
export interface SignatureCandidate {
  /** Where it was found, for the reader. */
  readonly source: string;
  readonly evidence: SignatureEvidence | VerificationError;
}

/** What became of one signature. */
export interface SignatureVerdict {
  readonly source: string;
  readonly verified: boolean;
  /** Seven, in order. */
  readonly steps: readonly Step[];
}

/**
 * The verification workflow for one signature, in its order. Each step takes what the steps it depends on have found, so after
 * the first failure the rest is skipped; nothing but seven passed steps is a verified signature.
 *
 * @param artifact the image manifest or file, by its digest
 */
export function verifySignature(
  candidate: SignatureCandidate,
  artifact: Artifact,
  trustedRoot: TrustedRoot,
  policy: Policy,
  options: VerificationOptions,
): SignatureVerdict {
  const context: Context = { artifact, trustedRoot, policy, options };
  const record = new StepRecord();
  const evidence = record.take('retrieval', candidate, (found) => retrieve(found, artifact));
  const link = record.take('certificate-chain', evidence, (given) => checkCertificateChain(given, context));
  const signatory = record.take('identity-extraction', link, checkIdentity);
  const signed = record.take('signature', signatory && link, (whose) => checkSignature(whose, context));
  const logged = record.take('log-entry', signed, (entry) => checkLogEntry(entry, context));
  const subject = logged && signed && signatory && subjectOf(signatory, signed);
  record.take('policy', subject, (what) => checkPolicy(what, policy));
  const verified = record.conclude(`signed by ${nameOf(signatory, signed)}`);
  return { source: candidate.source, verified, steps: record.steps };
}

function subjectOf(signatory: Signatory, { statement, annotations }: SignedLink): PolicySubject {
  const signer = signatory.kind === 'identity' ? signatory.identity : undefined;
  return { signer, statement, annotations };
}

function nameOf(signatory: Signatory | undefined, signed: SignedLink | undefined): string {
  if (signatory?.kind === 'identity') return printable(signatory.identity.identity);
  return signed === undefined ? 'nobody' : `the key sha256:${encodeHex(signed.publicKey.keyId)}`;
}

function retrieve(
  { evidence, source }: SignatureCandidate,
  artifact: Artifact,
): Finding<'retrieval', SignatureEvidence> {
  if (evidence instanceof VerificationError) throw evidence;
  return {
    reason: `signature read from ${source}`,
    evidence: { digest: formatArtifactDigest(artifact), signatures: 1 },
    value: evidence,
  };
}
