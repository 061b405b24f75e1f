import { OciError, parseImageReference } from '@sigstead/oci';
import { TrustAccessError } from '@sigstead/trust-access';
import { describeDecision, type PolicyVerdict } from '@sigstead/verification';
import type { ImageVerifier } from '../image-verifier.ts';
import type { NamedPolicy } from '../policies/named-policies.ts';
import { isAbout } from '../policies/policy-answer.ts';

/** What is held against an image: what keeps it out, and what is only said. */
export interface ImageOutcome {
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
  /** Undefined when the image was not, or could not be, looked at. */
  readonly digest: string | undefined;
}

export interface ImageAdmissionOptions {
  /** What becomes of images that no policy is about. */
  readonly unmatched: 'deny' | 'allow';
  readonly signal?: AbortSignal | undefined;
}

/**
 * Judges one image by all policies that hold; each that is about it has to be met. Whatever keeps it from being judged counts as if
 * it were not met.
 */
export async function admitImage(
  verifier: Pick<ImageVerifier, 'verifyBy'>,
  policies: readonly NamedPolicy[],
  image: string,
  { unmatched, signal }: ImageAdmissionOptions,
): Promise<ImageOutcome> {
  const outcome = new Outcome();
  try {
    const applicable = policies.filter(({ policy }) => isAbout(policy, image));
    if (applicable.length === 0) {
      return unmatched === 'allow'
        ? outcome
        : outcome.refuse('no policy that holds here is about this image');
    }
    const verdicts = await judge(verifier, image, applicable, outcome, signal);
    outcome.digest = verdicts?.[0]?.digest;
    judgeTag(image, outcome.digest, applicable, outcome);
    for (const verdict of verdicts ?? []) {
      if (!verdict.verified) outcome.add(verdict.decision.mode, describeDecision(verdict).join('; '));
    }
    return outcome;
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    // Only of the reference: everything a registry does was dealt with.
    return outcome.refuse(error.message);
  }
}

/** What cannot be judged is held against the image as strictly as its strictest policy is. */
async function judge(
  verifier: Pick<ImageVerifier, 'verifyBy'>,
  image: string,
  applicable: readonly NamedPolicy[],
  outcome: Outcome,
  signal: AbortSignal | undefined,
): Promise<readonly PolicyVerdict[] | undefined> {
  try {
    return await verifier.verifyBy(image, applicable, signal);
  } catch (error) {
    if (!(error instanceof OciError) && !(error instanceof TrustAccessError)) throw error;
    const isEnforced = applicable.some(({ policy }) => policy.mode === 'enforce');
    outcome.add(isEnforced ? 'enforce' : 'warn', `it could not be verified: ${error.message}`);
    return undefined;
  }
}

/** What runs is read after this check, by whoever pulls: a tag may name another image by then, a digest may not. */
function judgeTag(
  image: string,
  digest: string | undefined,
  applicable: readonly NamedPolicy[],
  outcome: Outcome,
): void {
  const reference = parseImageReference(image);
  if (reference.digest !== undefined) return;
  const at =
    digest === undefined ? '' : `: name it by digest, now ${reference.withDigest(digest).toString()}`;
  for (const { name, policy } of applicable) {
    if (policy.tags === 'allow') continue;
    const mode = policy.mode === 'warn' || policy.tags === 'warn' ? 'warn' : 'enforce';
    outcome.add(
      mode,
      `policy ${name}: the tag ${reference.tag ?? 'latest'} can be moved after this check${at}`,
    );
  }
}

class Outcome implements ImageOutcome {
  readonly refusals: string[] = [];
  readonly warnings: string[] = [];
  digest: string | undefined;

  add(mode: 'enforce' | 'warn', reason: string): void {
    (mode === 'enforce' ? this.refusals : this.warnings).push(reason);
  }

  refuse(reason: string): this {
    this.refusals.push(reason);
    return this;
  }
}
