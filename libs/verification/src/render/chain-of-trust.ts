import { stepOf, type Step } from '../steps/step.ts';
import type {
  CertificateChainFacts,
  IdentityFacts,
  LogEntryFacts,
  LogFacts,
  SignatureFacts,
} from '../steps/step-evidence.ts';
import { count, printable } from '../text.ts';

/** One link of the chain, with what hangs on it. */
export interface Link {
  readonly title: string;
  readonly details: readonly (readonly [label: string, value: string])[];
}

/** The links that hold, from the image's signature to the log, as far as the steps got. */
export function chainOfTrust(steps: readonly Step[]): Link[] {
  const signature = stepOf(steps, 'signature')?.evidence;
  const identity = stepOf(steps, 'identity-extraction')?.evidence;
  const chain = stepOf(steps, 'certificate-chain')?.evidence;
  const entry = stepOf(steps, 'log-entry')?.evidence;
  const rules = stepOf(steps, 'policy')?.evidence?.rules;
  return [
    ...(signature ? [signatureLink(signature)] : []),
    ...(identity ? [signerLink(identity)] : []),
    ...(chain ? [certificateLink(chain)] : []),
    ...(entry ? logLinks(entry) : []),
    ...(rules ? [policyLink(rules)] : []),
  ];
}

function signatureLink({ algorithm, signed, dockerReference, predicateType }: SignatureFacts): Link {
  return {
    title: `carries a signature over ${SIGNED[signed]}`,
    details: [
      ['algorithm', algorithm],
      ...optional('signed as', dockerReference),
      ...optional('statement', predicateType),
    ],
  };
}

const SIGNED: Readonly<Record<SignatureFacts['signed'], string>> = {
  artifact: 'the artifact itself',
  'simple-signing-payload': 'a document that names this digest',
  statement: 'a statement about this digest',
};

function signerLink(facts: IdentityFacts): Link {
  if ('keys' in facts)
    return { title: 'made by whoever holds a key', details: facts.keys.map((key) => ['key', key] as const) };
  const { identity, issuer, claims } = facts;
  return {
    title: `made by ${printable(identity)}`,
    details: [
      ['issuer', issuer === '' ? 'none named' : printable(issuer)],
      ...optional('repository', claims.sourceRepositoryUri ?? claims.githubWorkflowRepository),
      ...optional('ref', claims.sourceRepositoryRef ?? claims.githubWorkflowRef),
      ...optional('workflow', claims.buildConfigUri ?? claims.githubWorkflowName),
      ...optional('commit', claims.sourceRepositoryDigest ?? claims.githubWorkflowSha),
      ...optional('trigger', claims.buildTrigger ?? claims.githubWorkflowTrigger),
      ...optional('runner', claims.runnerEnvironment),
      ...optional('run', claims.runInvocationUri),
    ],
  };
}

function certificateLink({ chain, signedCertificateTimestamps }: CertificateChainFacts): Link {
  const [leaf, ...issuers] = chain;
  return {
    title: `with a certificate of ${printable(issuers[0]?.subject ?? 'a trusted root')}`,
    details: [
      ...(leaf ? [['valid', `${leaf.notBefore} to ${leaf.notAfter}`] as const] : []),
      ...issuers.map(
        ({ subject }, at) => [at === issuers.length - 1 ? 'root' : 'issued by', printable(subject)] as const,
      ),
      ...signedCertificateTimestamps.map(
        ({ log, timestamp }) => ['published', `${timestamp} in ${log}`] as const,
      ),
    ],
  };
}

/** Each entry, then the times that timestamp authorities gave. */
function logLinks({ furtherEntries = [], times, ...first }: LogFacts): Link[] {
  const entries = [...(first.log === undefined ? [] : [first as LogEntryFacts]), ...furtherEntries];
  const stamps = times.filter(({ source }) => source === 'rfc3161-timestamp');
  return [
    ...entries.map(entryLink),
    ...stamps.map(({ at, by }) => ({ title: `timestamped by ${by}`, details: [['time', at] as const] })),
  ];
}

function entryLink({ log, logIndex, integratedTime, inclusionProof }: LogEntryFacts): Link {
  const hashes = count(inclusionProof?.hashes ?? 0, 'hash', 'hashes');
  return {
    title: `written down as entry ${logIndex} of ${log}`,
    details: [
      ...(integratedTime === undefined ? [] : [['time', `${integratedTime}, signed by the log`] as const]),
      ...(inclusionProof === undefined
        ? [['proof', "none: the log's promise only"] as const]
        : [
            [
              'proof',
              `${hashes} to the root of ${count(BigInt(inclusionProof.treeSize), 'entry', 'entries')}`,
            ] as const,
            ['root', inclusionProof.rootHash] as const,
            ['tree', printable(inclusionProof.checkpointOrigin)] as const,
          ]),
    ],
  };
}

function policyLink(rules: readonly string[]): Link {
  return {
    title: rules.length === 0 ? 'accepted whoever signed' : 'and that is who was expected',
    details: rules.map((rule) => ['rule', printable(rule)] as const),
  };
}

function optional(label: string, value: string | undefined): (readonly [string, string])[] {
  return value === undefined ? [] : [[label, printable(value)]];
}
