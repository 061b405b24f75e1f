import type { JsonValue } from '@sigstead/encoding';
import { compilePattern, MAX_SUBJECT_LENGTH } from '../../pattern.ts';
import { printable } from '../../text.ts';
import { assertCount, assertValue, invalid, type Rule } from '../rule.ts';
import { hasForm, MAX_SELECTED, parsePath, select } from './json-path.ts';

export type Scalar = string | number | boolean | null;

/** One condition on the predicate of an attestation: values at a path, and what they have to be. */
export interface PredicateRuleInput {
  /** As {@link parsePath} reads it, from the predicate on. */
  readonly path: string;
  /** Which of the values: every one and at least one (as it is unless told), at least one, or none. */
  readonly match?: 'all' | 'any' | 'none' | undefined;
  readonly equals?: Scalar | undefined;
  readonly in?: readonly Scalar[] | undefined;
  /** RE2 pattern searched for in a text. */
  readonly regexp?: string | undefined;
  /** The pattern must match the whole text. */
  readonly anchored?: boolean | undefined;
  /** A list has this element, or a text this part. */
  readonly contains?: Scalar | undefined;
  /** Bounds of a number, inclusive. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Whether there is something at the path at all; null is something. Stands alone. */
  readonly exists?: boolean | undefined;
}

/** What one test says of one value: yes, no, or that the value is of a kind it cannot be put to. */
type Answer = 'yes' | 'no' | 'unfit';

interface ValueTest {
  readonly text: string;
  readonly looseField?: string;
  test(value: JsonValue): Answer;
}

const MAX_RULES = 32;
const MAX_CHOICES = 64;
const QUANTIFIERS = { all: 'every', any: 'some', none: 'no' } as const;

export interface PredicateRules {
  readonly rules: readonly Rule[];
  /** Patterns that may match in the middle of a value. */
  readonly unanchored: readonly string[];
}

/** @throws PolicyError POLICY_INVALID with `predicate.<index>.<name>` */
export function predicateRules(inputs: readonly PredicateRuleInput[]): PredicateRules {
  assertCount('predicate', inputs.length, MAX_RULES, 'rules');
  const compiled = inputs.map((input, at) => compileRule(`predicate.${at}`, input));
  return {
    rules: compiled.map(({ rule }) => rule),
    unanchored: compiled.flatMap(({ unanchored }) => unanchored),
  };
}

function compileRule(field: string, input: PredicateRuleInput): { rule: Rule; unanchored: string[] } {
  const path = parsePath(`${field}.path`, input.path);
  const tests = compileTests(field, input);
  if (input.exists !== undefined) {
    if (tests.length > 0) throw invalid(`${field}.exists`, `${field}.exists stands alone`);
    if (input.match !== undefined)
      throw invalid(`${field}.match`, `${field}.match has no meaning with exists`);
    return { rule: existenceRule(field, path, input.path, input.exists), unanchored: [] };
  }
  if (tests.length === 0)
    throw invalid(field, `${field} asks nothing: give equals, in, regexp, contains, min, max or exists`);
  const match = input.match ?? 'all';
  const text = tests.map((one) => one.text).join(' and ');
  const rule: Rule = {
    field,
    text: `${QUANTIFIERS[match]} ${input.path} ${text}`,
    refuse: ({ statement }) => {
      const code = 'PREDICATE_MISMATCH';
      if (statement === undefined) return { code, found: 'the signature carries no attestation' };
      const values = select(statement.predicate, path);
      if (values === undefined) return { code, found: `there are more than ${MAX_SELECTED} values` };
      // A rule that forbids something must not be met by a document in which it would stand elsewhere.
      if (match === 'none' && !hasForm(statement.predicate, path))
        return { code, found: 'the attestation is of another form: there is nothing that could have it' };
      const found = refuseValues(values, tests, match);
      return found === undefined ? undefined : { code, found };
    },
  };
  return { rule, unanchored: tests.flatMap(({ looseField }) => looseField ?? []) };
}

function existenceRule(
  field: string,
  path: ReturnType<typeof parsePath>,
  text: string,
  wanted: boolean,
): Rule {
  return {
    field,
    text: wanted ? `${text} present` : `${text} absent`,
    refuse: ({ statement }) => {
      const code = 'PREDICATE_MISMATCH';
      if (statement === undefined) return { code, found: 'the signature carries no attestation' };
      const values = select(statement.predicate, path);
      if (values === undefined) return { code, found: `there are more than ${MAX_SELECTED} values` };
      const isMet = wanted
        ? values.length > 0 && values.every((value) => value !== undefined)
        : values.every((value) => value === undefined);
      return isMet ? undefined : { code, found: wanted ? 'it is missing' : 'it is there' };
    },
  };
}

/** @returns what stands against it */
function refuseValues(
  values: readonly (JsonValue | undefined)[],
  tests: readonly ValueTest[],
  match: 'all' | 'any' | 'none',
): string | undefined {
  if (match === 'none') {
    // What cannot be judged may be what is forbidden.
    const bad = values.find((value) => value !== undefined && judge(value, tests) !== 'no');
    return bad === undefined ? undefined : describe(bad);
  }
  if (values.every((value) => value === undefined)) return 'there is nothing at that path';
  const isGood = (value: JsonValue | undefined): boolean =>
    value !== undefined && judge(value, tests) === 'yes';
  if (match === 'any') return values.some(isGood) ? undefined : `${values.length} values and none of them`;
  const at = values.findIndex((value) => !isGood(value));
  return at < 0 ? undefined : describe(values[at]);
}

function judge(value: JsonValue, tests: readonly ValueTest[]): Answer {
  const answers = tests.map(({ test }) => test(value));
  if (answers.includes('no')) return 'no';
  return answers.includes('unfit') ? 'unfit' : 'yes';
}

function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'one value is missing';
  if (Array.isArray(value)) return 'there is a list';
  if (typeof value === 'object' && value !== null) return 'there is an object';
  return `there is ${printable(String(value))}`;
}

function compileTests(field: string, input: PredicateRuleInput): ValueTest[] {
  const tests: ValueTest[] = [];
  if (input.equals !== undefined) {
    const want = scalar(`${field}.equals`, input.equals);
    tests.push({ text: `equal to ${shown(want)}`, test: (value) => equality(value, [want]) });
  }
  if (input.in !== undefined) {
    if (input.in.length === 0) throw invalid(`${field}.in`, `${field}.in is an empty list`);
    assertCount(`${field}.in`, input.in.length, MAX_CHOICES, 'values');
    const choices = input.in.map((one, at) => scalar(`${field}.in.${at}`, one));
    tests.push({
      text: `one of ${choices.map(shown).join(', ')}`,
      test: (value) => equality(value, choices),
    });
  }
  if (input.regexp !== undefined) tests.push(patternTest(`${field}.regexp`, input.regexp, input.anchored));
  else if (input.anchored !== undefined) {
    throw invalid(`${field}.anchored`, `${field}.anchored has no meaning without regexp`);
  }
  if (input.contains !== undefined) {
    const want = scalar(`${field}.contains`, input.contains);
    tests.push({ text: `containing ${shown(want)}`, test: (value) => containment(value, want) });
  }
  if (input.min !== undefined || input.max !== undefined) tests.push(rangeTest(field, input));
  return tests;
}

function patternTest(field: string, source: string, anchored = false): ValueTest {
  const pattern = compilePattern(field, source, anchored);
  return {
    text: `matching ${source}`,
    ...(pattern.anchored ? {} : { looseField: field }),
    test: (value) => {
      if (typeof value !== 'string' || value.length > MAX_SUBJECT_LENGTH) return 'unfit';
      return pattern.test(value) ? 'yes' : 'no';
    },
  };
}

function rangeTest(field: string, { min, max }: PredicateRuleInput): ValueTest {
  if (min !== undefined) number(`${field}.min`, min);
  if (max !== undefined) number(`${field}.max`, max);
  if (min !== undefined && max !== undefined && min > max) {
    throw invalid(`${field}.max`, `${field}.max ${max} is below min ${min}`);
  }
  const parts = [
    min === undefined ? [] : `at least ${min}`,
    max === undefined ? [] : `at most ${max}`,
  ].flat();
  return {
    text: parts.join(' and '),
    test: (value) => {
      if (typeof value !== 'number') return 'unfit';
      return (min === undefined || value >= min) && (max === undefined || value <= max) ? 'yes' : 'no';
    },
  };
}

function equality(value: JsonValue, choices: readonly Scalar[]): Answer {
  if (typeof value === 'object' && value !== null) return 'unfit';
  return choices.includes(value) ? 'yes' : 'no';
}

function containment(value: JsonValue, want: Scalar): Answer {
  if (Array.isArray(value)) return value.includes(want) ? 'yes' : 'no';
  if (typeof value !== 'string' || typeof want !== 'string') return 'unfit';
  return value.includes(want) ? 'yes' : 'no';
}

function scalar(field: string, value: Scalar): Scalar {
  if (typeof value === 'string') return assertValue(field, value);
  return typeof value === 'number' ? number(field, value) : value;
}

/** Beyond 2^53 different numbers of a JSON text are read as the same. */
function number(field: string, value: number): number {
  if (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw invalid(field, `${field} is a number that JSON cannot hold exactly`);
}

function shown(value: Scalar): string {
  return String(value);
}
