import type { PolicySubject } from '../policy/subject.ts';
import { assertPolicy, type Policy } from '../policy.ts';
import { printable } from '../text.ts';
import type { Finding } from './step.ts';

/** Step 6. */
export function checkPolicy(subject: PolicySubject, policy: Policy): Finding<'policy', PolicySubject> {
  assertPolicy(subject, policy);
  const rules = policy.rules.map(({ text }) => text);
  const loose = policy.unanchored.length === 0 ? '' : `; not anchored: ${policy.unanchored.join(', ')}`;
  return {
    reason:
      (rules.length === 0 ? 'any identity is accepted' : rules.map((rule) => printable(rule)).join(', ')) +
      loose,
    evidence: { rules, unanchored: policy.unanchored },
    value: subject,
  };
}
