import {
  PolicyError,
  VerificationError,
  type PolicyErrorCode,
  type VerificationErrorCode,
} from './errors.ts';
import type { Step } from './steps/step.ts';

/**
 * Turns a refusal into the error it stands for, for callers that want nothing but a yes.
 *
 * @throws PolicyError when the evidence holds but the policy does not, else VerificationError
 */
export function assertVerified(verdict: {
  readonly verified: boolean;
  readonly steps: readonly Step[];
}): void {
  if (verdict.verified) return;
  const failure = verdict.steps.find(({ outcome }) => outcome === 'failed');
  if (failure?.name === 'policy')
    throw new PolicyError(failure.code as PolicyErrorCode, 'policy', failure.reason);
  const code = (failure?.code ?? 'EVIDENCE_MALFORMED') as VerificationErrorCode;
  throw new VerificationError(
    code,
    failure === undefined ? 'not verified' : `${failure.title}: ${failure.reason}`,
  );
}
