import { parseImageReference } from '@sigstead/oci';
import {
  appliesTo,
  canonicalImageName,
  describeDecision,
  type ImagePolicy,
  type PolicyVerdict,
} from '@sigstead/verification';

/** A verdict under a policy about images, with the same in a few sentences. */
export interface PolicyAnswer extends PolicyVerdict {
  readonly policy: { readonly name: string; readonly version?: number };
  /** Whether the policy is about this image at all; if not, it is not verified by it. */
  readonly applies: boolean;
  readonly text: string;
}

/** @throws OciError REFERENCE */
export function isAbout(policy: ImagePolicy, image: string): boolean {
  const { registry, repository } = parseImageReference(image);
  return appliesTo(policy, canonicalImageName(registry, repository));
}

export function policyAnswer(
  verdict: PolicyVerdict,
  policy: PolicyAnswer['policy'],
  applies: boolean,
): PolicyAnswer {
  const verified = verdict.verified && applies;
  const reasons = applies
    ? describeDecision(verdict)
    : [`policy ${policy.name}: is not about this image, see spec.images`];
  const lines = [verdict.image, verdict.digest, '', ...reasons, '', verified ? 'VERIFIED' : 'REFUSED'];
  return { ...verdict, verified, policy, applies, text: `${lines.join('\n')}\n` };
}
