import {
  stepOf,
  verifySignature,
  type Artifact,
  type NamedTrustedRoot,
  type Policy,
  type SignatureCandidate,
  type SignatureVerdict,
  type StepEvidence,
  type StepName,
} from '@sigstead/verification';

/** One link from what was signed to what is trusted. */
export interface Link {
  readonly name: LinkName;
  readonly outcome: 'holds' | 'fails' | 'open';
  /** In a sentence: what was found, what is wrong, or why it was not judged. */
  readonly detail: string;
}

export type LinkName = 'certificate' | 'identity' | 'signature' | 'log entry';

/** What links are judged by, besides trusted roots. */
export interface LinkContext {
  /** Undefined: it is not known what was signed. */
  readonly artifact: Artifact | undefined;
  /** Of nobody in particular. Undefined: there is no key to judge by. */
  readonly policy: Policy | undefined;
  readonly now: Date;
}

type Steps = SignatureVerdict['steps'];

/** In order: each needs those before it. */
const LINKS: readonly (readonly [name: LinkName, step: StepName, describe: (steps: Steps) => string])[] = [
  ['certificate', 'certificate-chain', describeChain],
  ['identity', 'identity-extraction', (steps) => stepOf(steps, 'identity-extraction')?.reason ?? ''],
  ['signature', 'signature', (steps) => stepOf(steps, 'signature')?.reason ?? ''],
  ['log entry', 'log-entry', describeLog],
];

const UNKNOWN_ARTIFACT: Artifact = { algorithm: 'sha256', digest: new Uint8Array(32) };

/**
 * Which links hold, whoever signed. That is no verification: as nobody is expected, nobody can be the wrong one.
 */
export function judgeLinks(
  candidate: SignatureCandidate,
  roots: readonly NamedTrustedRoot[],
  { artifact, policy, now }: LinkContext,
): Link[] {
  if (policy === undefined)
    return LINKS.map(([name]) => open(name, 'the key did not come along: give it with --key'));
  const { steps } = verifySignature(candidate, artifact ?? UNKNOWN_ARTIFACT, roots, policy, {
    now,
    requireInclusionProof: false,
  });
  return LINKS.map(([name, stepName, describe]) => {
    if (artifact === undefined && (name === 'signature' || name === 'log entry'))
      return open(name, 'it does not say what was signed: give that with --artifact');
    const step = stepOf(steps, stepName);
    if (step === undefined || step.outcome === 'skipped') return open(name, 'a link before it fails');
    if (step.outcome === 'failed') return { name, outcome: 'fails', detail: step.reason };
    return { name, outcome: 'holds', detail: describe(steps) };
  });
}

function open(name: LinkName, detail: string): Link {
  return { name, outcome: 'open', detail };
}

function describeChain(steps: Steps): string {
  const facts = stepOf(steps, 'certificate-chain')?.evidence;
  if (facts === undefined) return 'none is needed: a key was given';
  const { chain, at, timeSource, signedCertificateTimestamps } = facts;
  const root = JSON.stringify(chain.at(-1)?.subject ?? '');
  const when = timeSource === 'certificate-start' ? `at its start ${at}, for want of a time` : `at ${at}`;
  return `leads to ${root}, good ${when}, promised to be published in ${signedCertificateTimestamps.map(({ log }) => log).join(', ')}`;
}

function describeLog(steps: Steps): string {
  const facts = stepOf(steps, 'log-entry')?.evidence;
  const when = facts?.times.map(({ at, by }) => `${at} by the word of ${by}`) ?? [];
  return `${describeEntry(facts)}; made ${when.length === 0 ? 'at a time that nobody tells' : when.join(' and ')}`;
}

function describeEntry(facts: StepEvidence['log-entry'] | undefined): string {
  if (facts?.log === undefined) return 'in no log';
  const { log, logIndex, inclusionPromise, inclusionProof } = facts;
  const promise = inclusionPromise === true ? ', promised by the log' : '';
  const proof =
    inclusionProof === undefined
      ? ', without a proof'
      : `, proved to be in its tree of ${inclusionProof.treeSize}`;
  return `entry ${logIndex} of ${log}${promise}${proof}`;
}
