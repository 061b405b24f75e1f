import { compilePattern, type Pattern } from '../pattern.ts';
import { assertValue } from './rule.ts';

/** Decides on one text: the whole of it, or by a pattern. */
export interface Matcher {
  /** Field of the policy it came from. */
  readonly field: string;
  /** `acme/app`, or `matching ^acme/`. */
  readonly text: string;
  /** Undefined for an exact comparison. */
  readonly pattern?: Pattern;
  test(value: string): boolean;
}

export function exactly(field: string, want: string): Matcher {
  const text = assertValue(field, want);
  return { field, text, test: (value) => value === text };
}

export function matching(field: string, source: string, anchored: boolean): Matcher {
  const pattern = compilePattern(field, source, anchored);
  return { field, text: `matching ${source}`, pattern, test: (value) => pattern.test(value) };
}
