import { printable } from '../../printable.ts';
import type { Claims, LogEntryClaims, SignedClaims, SignerClaims, TimestampClaims } from './claims.ts';
import type { Explanation } from './explain-bundle.ts';
import type { Link } from './links.ts';

const MARKS: Readonly<Record<Link['outcome'], string>> = { holds: '✔', fails: '✘', open: '·' };
const OUTCOMES: Readonly<Record<Link['outcome'], string>> = {
  holds: 'holds',
  fails: 'fails',
  open: 'not judged',
};
const LABEL_WIDTH = 14;
const MAX_SUBJECTS = 20;

type Line = readonly [label: string, value: string];

/** For people. Whoever reads it must not take it for a verification: that needs somebody who is expected. */
export function renderExplanation(explanation: Explanation): string {
  const { bundle, mediaType, version, claims, trustedRoot } = explanation;
  const form: Line =
    mediaType === null
      ? ['form', 'as older versions of cosign wrote it']
      : ['form', `${mediaType} (version ${version})`];
  const blocks = [
    [bundle, ...block([form])],
    [
      trustedRoot === null
        ? 'What it claims, unverified: there is no trusted root here to judge by (see --trusted-root)'
        : 'What it claims',
      ...block(claimLines(claims)),
    ],
    ...(trustedRoot === null ? [] : [linkLines(explanation, trustedRoot)]),
    ['Nobody was expected to have signed: this is no verification. See verify-blob.'],
  ];
  return `${blocks.map((lines) => lines.map(printable).join('\n')).join('\n\n')}\n`;
}

function claimLines({ signs, signer, logEntries, timestamps }: Claims): Line[] {
  return [
    ...signedLines(signs),
    ...signerLines(signer),
    ...logEntries.flatMap(logEntryLines),
    ...timestamps.map(timestampLine),
  ];
}

function signedLines(signs: SignedClaims): Line[] {
  switch (signs.kind) {
    case 'artifact':
      return [['signature of', signs.digest ?? 'a file, it does not say which']];
    case 'envelope':
      return [
        ['envelope of', signs.payloadType],
        ['', signs.unreadable],
      ];
    case 'statement': {
      const subjects = signs.subjects
        .slice(0, MAX_SUBJECTS)
        .flatMap(({ name, digests }) =>
          Object.entries(digests).map(([algorithm, hex]): Line => [
            'about',
            `${algorithm}:${hex}${name === '' ? '' : ` (${name})`}`,
          ]),
        );
      const more = signs.subjects.length - MAX_SUBJECTS;
      return [
        ['statement of', signs.predicateType],
        ...subjects,
        ...(more > 0 ? [['', `and ${more} more`] as const] : []),
      ];
    }
  }
}

function signerLines(signer: SignerClaims): Line[] {
  if (signer.kind === 'key')
    return [
      ['signed with', `a key that did not come along${signer.hint === '' ? '' : `, called ${signer.hint}`}`],
    ];
  if ('unreadable' in signer) return [['certificate', `cannot be read: ${signer.unreadable}`]];
  const { identity, issuer, claims, key, notBefore, notAfter, serialNumber, certifiedBy } = signer;
  const further = Object.entries(claims).filter(([name]) => name !== 'issuer');
  return [
    ['signed by', identity],
    ['known to', issuer],
    ...further.map(([name, value]): Line => ['', `${name} ${value}`]),
    ['certified by', certifiedBy],
    ['certificate', `${serialNumber}, ${key}, ${notBefore} to ${notAfter}`],
  ];
}

function logEntryLines({
  log,
  logId,
  logIndex,
  kind,
  integratedTime,
  promise,
  proof,
}: LogEntryClaims): Line[] {
  return [
    ['log entry', `${logIndex} of ${log ?? `the log ${logId}`}, ${kind}`],
    ...(integratedTime === undefined ? [] : [['', `logged ${integratedTime}`] as const]),
    ...(promise ? [['', 'with a promise of the log (signed entry timestamp)'] as const] : []),
    ...(proof === undefined
      ? [['', 'without an inclusion proof'] as const]
      : [['', `with a proof for leaf ${proof.leafIndex} of ${proof.treeSize} in ${proof.origin}`] as const]),
  ];
}

function timestampLine(timestamp: TimestampClaims): Line {
  return [
    'timestamp',
    'genTime' in timestamp ? timestamp.genTime : `cannot be read: ${timestamp.unreadable}`,
  ];
}

function linkLines({ links, artifact }: Explanation, trustedRoot: string): string[] {
  const about =
    artifact === null
      ? ''
      : artifact.given
        ? `, for ${artifact.digest}`
        : `, for what it says it is about (${artifact.digest}): no --artifact was given`;
  return [
    `Which links hold by ${trustedRoot}${about}`,
    ...links.map(
      ({ name, outcome, detail }) =>
        `  ${MARKS[outcome]} ${name.padEnd(LABEL_WIDTH)}${OUTCOMES[outcome]}: ${detail}`,
    ),
  ];
}

function block(lines: readonly Line[]): string[] {
  return lines.map(([label, value]) => `  ${label.padEnd(LABEL_WIDTH)}${value}`);
}
