import { count } from '../../text.ts';
import type { PolicyVerdict } from '../../verify-image-policy.ts';

/**
 * What a policy says of an image, a sentence per requirement, safe for messages and terminals: for a refusal those that are not
 * met, else all of them.
 */
export function describeDecision({ decision, signatures }: PolicyVerdict): readonly string[] {
  const { policy, satisfied, fault, requirements } = decision;
  if (fault !== undefined) return [`policy ${policy}: ${fault}`];
  const told = requirements
    .filter(({ met }) => met === satisfied)
    .map(({ reason }) => `policy ${policy}: ${reason}`);
  return satisfied ? told : [...told, ...unverified(signatures)];
}

/** Signatures that do not hold are not the policy's business, and often the reason. */
function unverified(signatures: PolicyVerdict['signatures']): string[] {
  const bad = signatures.filter(({ verified }) => !verified);
  const failure = bad[0]?.steps.find(({ outcome }) => outcome === 'failed');
  if (failure === undefined) return [];
  const which =
    bad.length === 1
      ? 'one signature does not hold'
      : `${count(bad.length, 'signature')} do not hold, the first`;
  return [`${which}: ${failure.title} failed: ${failure.reason}`];
}
