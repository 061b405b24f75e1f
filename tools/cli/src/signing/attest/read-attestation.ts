import {
  makeStatement,
  MAX_STATEMENT_BYTES,
  parsePredicate,
  parseStatement,
  SigningError,
  type Statement,
  type Subject,
} from '@sigstead/signing';
import type { JsonValue } from '@sigstead/encoding';
import { CliError, exitCodes } from '../../cli-error.ts';
import { readGivenFile } from '../../read-given-file.ts';
import type { PredicateOptions } from '../options.ts';

/** What is said of something: a predicate that is yet to be put to it, or a whole statement. */
export type Attestation =
  | { readonly kind: 'predicate'; readonly type: string; readonly predicate: JsonValue }
  | { readonly kind: 'statement'; readonly statement: Statement };

/**
 * Reads `--predicate` with its `--type`, or `--statement`.
 *
 * @throws CliError for a file that cannot be read, SigningError for one that holds something else
 */
export async function readAttestation({
  type,
  predicate,
  statement,
}: PredicateOptions): Promise<Attestation> {
  if ((predicate === undefined) === (statement === undefined))
    throw new CliError('want one of --predicate and --statement', exitCodes.usage);
  if (statement !== undefined) {
    const bytes = await readGivenFile(statement, '--statement', MAX_STATEMENT_BYTES);
    return { kind: 'statement', statement: parseStatement(bytes) };
  }
  const bytes = await readGivenFile(predicate ?? '', '--predicate', MAX_STATEMENT_BYTES);
  return { kind: 'predicate', type, predicate: parsePredicate(type, bytes) };
}

/**
 * The statement that says it of a subject.
 *
 * @throws SigningError PREDICATE, or STATEMENT when a given one is about something else
 */
export function statementAbout(attestation: Attestation, subject: Subject, now: Date): Statement {
  if (attestation.kind === 'predicate') {
    const { type, predicate } = attestation;
    return makeStatement({ type, predicate, subjects: [subject], now });
  }
  const { statement } = attestation;
  const [[algorithm = '', hex] = []] = Object.entries(subject.digest);
  if (statement.subjects.some(({ digest }) => digest[algorithm] === hex)) return statement;
  throw new SigningError(
    'input',
    'STATEMENT',
    `the statement is not about ${subject.name ?? 'the artifact'}, which is ${algorithm}:${hex}`,
  );
}
