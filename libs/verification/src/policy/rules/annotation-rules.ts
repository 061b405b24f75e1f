import { printable } from '../../text.ts';
import type { Matcher } from '../matcher.ts';
import type { Rule } from '../rule.ts';

/** One signed annotation. */
export function annotationRule(name: string, { field, text, test }: Matcher): Rule {
  return {
    field,
    text: `annotation ${name} ${text}`,
    refuse: ({ annotations }) => {
      const value = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
      if (value !== undefined && test(value)) return undefined;
      const found = value === undefined ? 'has no such annotation' : `says ${printable(value)}`;
      return { code: 'ANNOTATION_MISMATCH', found: `the signed document ${found}` };
    },
  };
}
