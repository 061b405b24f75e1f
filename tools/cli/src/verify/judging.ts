import type { NamedTrustedRoot, SignatureCandidate, VerificationOptions } from '@sigstead/verification';
import { CliError } from '../cli-error.ts';
import { evidenceDemands, warnOfIgnoredLog } from './evidence/evidence-demands.ts';
import { isByKeyAlone, NO_ROOT, withoutProofs } from './evidence/key-alone.ts';
import type { JudgingOptions, Surroundings } from './options.ts';
import { findTrust } from './trust/local-trust.ts';
import { readRevocations } from './trust/revocation-list.ts';

/** What signatures are judged by, besides who is expected to have made them. */
export interface Judging {
  readonly roots: readonly NamedTrustedRoot[];
  /** Where the roots come from, for the reader. */
  readonly origin: string;
  readonly demands: VerificationOptions;
  /** What of a signature is judged at all. */
  take(candidate: SignatureCandidate): SignatureCandidate;
}

/**
 * Reads what options and environment name, and says what the caller should know of it.
 *
 * @param what is verified, for warnings
 * @returns undefined when there is no trusted root
 * @throws CliError for what is named and cannot be used
 */
export async function prepareJudging(
  options: JudgingOptions,
  { environment }: Surroundings,
  what: string,
): Promise<Judging | undefined> {
  const now = new Date();
  const demands = evidenceDemands(options, now, await readRevocations(options, now));
  warnOfIgnoredLog(options, what, tell);
  if (isByKeyAlone(options)) return { roots: NO_ROOT, origin: 'the key alone', demands, take: withoutProofs };
  const trust = await findTrust(options, environment);
  if (trust === undefined) return undefined;
  if (trust.isFound) tell(`Trusted root: ${trust.origin}`);
  const { roots, origin } = trust;
  return { roots, origin, demands, take: (candidate) => candidate };
}

/** As {@link prepareJudging}, where nobody else could judge. @throws CliError without a trusted root */
export async function requireJudging(
  options: JudgingOptions,
  surroundings: Surroundings,
  what: string,
): Promise<Judging> {
  const judging = await prepareJudging(options, surroundings, what);
  if (judging === undefined) throw withoutTrust();
  return judging;
}

export function withoutTrust(): CliError {
  return new CliError(
    'there is no trusted root to judge by: give --trusted-root, set SIGSTEAD_TRUSTED_ROOT, or set SIGSTEAD_HOME to the folder of the stack',
  );
}

export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
