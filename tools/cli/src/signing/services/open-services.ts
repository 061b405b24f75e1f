import { chooseServices, SigningError, type SigningServices } from '@sigstead/signing';
import { CliError } from '../../cli-error.ts';
import type { SigningPlan } from './signing-plan.ts';

/** For each call with its whole answer: as cosign has it. */
const TIMEOUT_MS = 30_000;

/** @throws CliError when none of the plan's services is valid at the moment */
export function openServices({ config, trustedRoot }: SigningPlan): SigningServices {
  try {
    return chooseServices(config, {
      fetch: (url, init) => fetch(url, init),
      timeoutsMs: { certificate: TIMEOUT_MS, timestamp: TIMEOUT_MS, log: TIMEOUT_MS },
      trustedRoot,
      clock: () => new Date(),
    });
  } catch (cause) {
    if (!(cause instanceof SigningError)) throw cause;
    throw new CliError(cause.message, undefined, { cause });
  }
}
