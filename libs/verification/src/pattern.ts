import { RE2JS, RE2JSException } from 're2js';
import { PolicyError } from './errors.ts';

/** Longest pattern taken, in UTF-16 units. */
export const MAX_PATTERN_LENGTH = 512;
/** Longest value a pattern is run on; a longer one does not match. */
export const MAX_SUBJECT_LENGTH = 4096;
/** Counted repetitions multiply the compiled program, and matching costs program times subject. */
const MAX_PROGRAM_SIZE = 1000;

/** A compiled regular expression of a policy: RE2 syntax, linear time in the subject. */
export interface Pattern {
  readonly source: string;
  /** Whether the pattern itself, or the policy, binds it to the whole value. */
  readonly anchored: boolean;
  test(value: string): boolean;
}

/**
 * Compiles a pattern of RE2 syntax, as cosign's flags take it. Like there, it is searched for anywhere in the value unless
 * it says `^` and `$` itself or `anchored` is asked for.
 *
 * @param field name of the policy field, for the error
 * @throws PolicyError POLICY_INVALID when it is malformed, too long, or repeats too much
 */
export function compilePattern(field: string, source: string, anchored: boolean): Pattern {
  if (source === '') throw new PolicyError('POLICY_INVALID', field, `${field} is empty`);
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new PolicyError(
      'POLICY_INVALID',
      field,
      `${field} has ${source.length} characters, at most ${MAX_PATTERN_LENGTH} are taken`,
    );
  }
  const program = compile(field, source);
  const size = program.programSize();
  if (size > MAX_PROGRAM_SIZE) {
    throw new PolicyError(
      'POLICY_INVALID',
      field,
      `${field} compiles to ${size} instructions, at most ${MAX_PROGRAM_SIZE} are taken: use smaller repetition counts`,
    );
  }
  return {
    source,
    anchored: anchored || isBound(source),
    test: (value) =>
      value.length <= MAX_SUBJECT_LENGTH && (anchored ? program.testExact(value) : program.test(value)),
  };
}

/**
 * Whether a pattern binds itself to the whole value. `^a|b$` does so at neither end, `^a\$` wants a dollar, `^*a$` need not begin there; what
 * is not plainly bound counts as loose.
 */
function isBound(source: string): boolean {
  if (!/^(?:\^|\\A)(?![*?{])/.test(source) || !/(?:^|[^\\])(?:\\\\)*(?:\$|\\z)$/.test(source)) return false;
  // Lines in the place of the whole text, and quoting that this reader does not follow.
  if (/\(\?[a-zA-Z-]*m|\\Q/.test(source)) return false;
  let depth = 0;
  for (const [token] of source.matchAll(/\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|[()|]/gs)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (token === '|' && depth === 0) return false;
  }
  return true;
}

function compile(field: string, source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    throw new PolicyError('POLICY_INVALID', field, `${field} is no regular expression: ${cause.message}`, {
      cause,
    });
  }
}
