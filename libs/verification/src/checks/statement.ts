import { encodeHex } from '@sigstead/encoding';
import { VerificationError } from '../errors.ts';
import { digestsOf, formatArtifactDigest, type Artifact } from '../evidence/signature-evidence.ts';
import type { Statement, StatementSubject } from '../statement.ts';
import { count, printable } from '../text.ts';

/**
 * One subject of the statement is the artifact: one of its digests is one of the artifact's, and none that both have contradicts.
 *
 * @throws VerificationError STATEMENT_SUBJECT
 */
export function assertSubject(statement: Statement, artifact: Artifact): StatementSubject {
  const known = new Map(digestsOf(artifact).map((one) => [one.algorithm as string, encodeHex(one.digest)]));
  const subject = statement.subjects.find(({ digests }) => {
    const shared = Object.entries(digests).filter(([algorithm]) => known.has(algorithm));
    return (
      shared.length > 0 && shared.every(([algorithm, hex]) => hex.toLowerCase() === known.get(algorithm))
    );
  });
  if (subject !== undefined) return subject;
  const [first] = statement.subjects;
  const example = first === undefined ? '' : `, such as ${describe(first)}`;
  throw new VerificationError(
    'STATEMENT_SUBJECT',
    `the statement is about ${count(statement.subjects.length, 'other artifact')}${example}, want ${formatArtifactDigest(artifact)}`,
  );
}

function describe({ digests, name }: StatementSubject): string {
  const [algorithm, hex] = Object.entries(digests)[0] ?? ['', 'no digest'];
  return printable(`${algorithm}:${hex}${name === '' ? '' : ` (${name})`}`, 200);
}
