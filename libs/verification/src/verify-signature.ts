import { encodeHex } from '@sigstead/encoding';
import type { SignatureCandidate } from './candidate.ts';
import { VerificationError } from './errors.ts';
import {
  formatArtifactDigest,
  type Artifact,
  type SignatureEvidence,
} from './evidence/signature-evidence.ts';
import type { VerifiedSignature } from './policy/image/decide-image.ts';
import type { PolicySubject } from './policy/subject.ts';
import type { Policy } from './policy.ts';
import { checkCertificateChain } from './steps/certificate-chain.ts';
import type { Context, SignedLink, VerificationOptions } from './steps/context.ts';
import { checkIdentity, type Signatory } from './steps/identity-extraction.ts';
import { checkLogEntry } from './steps/log-entry.ts';
import { checkPolicy } from './steps/policy.ts';
import { checkSignature } from './steps/signature.ts';
import { stepNames, StepRecord, type Finding, type Step } from './steps/step.ts';
import { printable } from './text.ts';
import { rootsOf, type Trust } from './trust-roots.ts';

/** What became of one signature. */
export interface SignatureVerdict {
  readonly source: string;
  readonly verified: boolean;
  /** Name of the trusted root it was judged by, where they have names. */
  readonly trustRoot?: string;
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
  trust: Trust,
  policy: Policy,
  options: VerificationOptions,
): SignatureVerdict {
  return judgeSignature(candidate, artifact, trust, policy, options).verdict;
}

/** A verdict and, when every step passed, what was verified: for policies that are about several signatures. */
export interface SignatureJudgement {
  readonly verdict: SignatureVerdict;
  readonly signature: VerifiedSignature | undefined;
}

/** As {@link verifySignature}. Of several roots the first that verifies it counts, else the one by which it came furthest. */
export function judgeSignature(
  candidate: SignatureCandidate,
  artifact: Artifact,
  trust: Trust,
  policy: Policy,
  options: VerificationOptions,
): SignatureJudgement {
  let furthest: SignatureJudgement | undefined;
  for (const root of rootsOf(trust)) {
    const judgement = judgeByRoot(candidate, { artifact, trustedRoot: root.trustedRoot, policy, options });
    const named = 'name' in root ? nameRoot(judgement, root.name) : judgement;
    if (named.verdict.verified) return named;
    if (furthest === undefined || progressOf(named.verdict) > progressOf(furthest.verdict)) furthest = named;
  }
  return furthest ?? withoutRoot(candidate);
}

/** How many steps a signature has passed. */
export function progressOf({ steps }: SignatureVerdict): number {
  return steps.filter(({ outcome }) => outcome === 'passed').length;
}

function nameRoot({ verdict, signature }: SignatureJudgement, trustRoot: string): SignatureJudgement {
  return { verdict: { ...verdict, trustRoot }, signature: signature && { ...signature, trustRoot } };
}

function withoutRoot({ source }: SignatureCandidate): SignatureJudgement {
  const record = new StepRecord();
  record.add('retrieval', 'failed', 'there is no trusted root to judge by', { code: 'CHAIN_UNTRUSTED' });
  for (const name of stepNames) if (name !== 'retrieval' && name !== 'result') record.skip(name);
  return { verdict: { source, verified: record.conclude(''), steps: record.steps }, signature: undefined };
}

function judgeByRoot(candidate: SignatureCandidate, context: Context): SignatureJudgement {
  const { artifact, policy } = context;
  const record = new StepRecord();
  const evidence = record.take('retrieval', candidate, (found) => retrieve(found, artifact));
  const link = record.take('certificate-chain', evidence, (given) => checkCertificateChain(given, context));
  const signatory = record.take('identity-extraction', link, checkIdentity);
  const signed = record.take('signature', signatory && link, (whose) => checkSignature(whose, context));
  const logged = record.take('log-entry', signed, (entry) => checkLogEntry(entry, context));
  const subject = logged && signed && signatory && subjectOf(signatory, signed);
  record.take('policy', subject, (what) => checkPolicy(what, policy));
  const verified = record.conclude(`signed by ${nameOf(signatory, signed)}`);
  const { source } = candidate;
  return {
    verdict: { source, verified, steps: record.steps },
    signature: verified && subject && signed ? { source, subject, key: signed.publicKey } : undefined,
  };
}

function subjectOf(signatory: Signatory, { statement, annotations, publicKey }: SignedLink): PolicySubject {
  return signatory.kind === 'identity'
    ? { signer: signatory.identity, statement, annotations }
    : { signer: undefined, key: publicKey, statement, annotations };
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
