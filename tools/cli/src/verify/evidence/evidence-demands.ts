import type { RevocationList } from '@sigstead/revocation';
import type { VerificationOptions } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { EvidenceOptions } from '../options.ts';

/**
 * What options ask of the evidence. Whether a log's promise does without its proof is not among it: that depends on the form in
 * which a signature is kept.
 *
 * @throws CliError for --check-claims=false
 */
export function evidenceDemands(
  options: EvidenceOptions,
  now: Date,
  revocations: RevocationList | undefined,
): VerificationOptions {
  if (options.checkClaims === false) {
    throw new CliError(
      '--check-claims=false is refused: a signature of something else is none',
      exitCodes.usage,
    );
  }
  return {
    now,
    logThreshold: ignoresLogs(options) ? 0 : undefined,
    timestampThreshold: options.useSignedTimestamps === true ? 1 : undefined,
    sctThreshold: options.insecureIgnoreSct === true ? 0 : undefined,
    revocations,
  };
}

export function ignoresLogs({ insecureIgnoreTlog, privateInfrastructure }: EvidenceOptions): boolean {
  return insecureIgnoreTlog === true || privateInfrastructure === true;
}

/** Said as cosign says it. */
export function warnOfIgnoredLog(options: EvidenceOptions, what: string, say: (line: string) => void): void {
  if (options.insecureIgnoreTlog !== true) return;
  say(
    `WARNING: Skipping tlog verification is an insecure practice that lacks transparency and auditability verification for the ${what}.`,
  );
}
