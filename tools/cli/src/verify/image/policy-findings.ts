import type { ImageReference } from '@sigstead/oci';
import { describeDecision, type ImagePolicy, type PolicyVerdict } from '@sigstead/verification';

/** What is held against an image: what it is refused for, and what is only said. */
export interface PolicyFindings {
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
}

/** What a policy makes of a verdict and of the name the image was given by. */
export function policyFindings(
  policy: ImagePolicy,
  verdict: PolicyVerdict,
  reference: ImageReference,
): PolicyFindings {
  const unmet = verdict.verified ? [] : describeDecision(verdict);
  const isLenient = policy.mode === 'warn';
  const tag = movableTag(policy, verdict, reference);
  const isTagLenient = isLenient || policy.tags === 'warn';
  return {
    refusals: [...(isLenient ? [] : unmet), ...(isTagLenient ? [] : tag)],
    warnings: [...(isLenient ? unmet : []), ...(isTagLenient ? tag : [])],
  };
}

/** What runs is read after this check: a tag may name another image by then, a digest may not. */
function movableTag(policy: ImagePolicy, { digest }: PolicyVerdict, reference: ImageReference): string[] {
  if (policy.tags === 'allow' || reference.digest !== undefined) return [];
  const pinned = reference.withDigest(digest).toString();
  return [
    `policy ${policy.name}: the tag ${reference.tag ?? 'latest'} can be moved after this check: name the image by digest, now ${pinned}`,
  ];
}

/** For people. */
export function describePolicyVerdict(
  verdict: PolicyVerdict,
  { refusals, warnings }: PolicyFindings,
): string {
  const { decision, image, digest } = verdict;
  const marks = decision.requirements.map(({ met, reason }) => `  ${met ? '✔' : '✘'} ${reason}`);
  const said = [
    ...refusals.map((text) => `  refused: ${text}`),
    ...warnings.map((text) => `  warning: ${text}`),
  ];
  const isRefused = refusals.length > 0;
  const conclusion = isRefused ? 'REFUSED' : decision.satisfied ? 'VERIFIED' : 'NOT VERIFIED, not enforced';
  const blocks = [[image, digest], marks, said, [`${conclusion}  by the policy ${decision.policy}`]];
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}
