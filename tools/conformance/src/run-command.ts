import { parseArguments, type Arguments } from './arguments.ts';
import { exitCodes } from './errors.ts';

/** Errors that say no. Whatever else is thrown is a defect of ours, which must not pass for a refusal. */
const REFUSALS: ReadonlySet<string> = new Set([
  'BundleError',
  'TrustError',
  'KeyError',
  'PolicyError',
  'SigningError',
  'VerificationError',
]);

/**
 * Runs one command of the protocol.
 *
 * @param note told the reason when it fails
 * @returns the exit code
 */
export async function runCommand(
  argv: readonly string[],
  now: Date,
  note: (line: string) => void,
): Promise<number> {
  try {
    await run(parseArguments(argv), now);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'UsageError') {
      note(`sigstead-conformance: ${error.message}`);
      return exitCodes.usage;
    }
    if (REFUSALS.has(error.name)) {
      note(`refused: ${error.message}`);
      return exitCodes.refused;
    }
    note(error.stack ?? error.message);
    return exitCodes.defect;
  }
}

/** Each loads what it needs alone: verifying is a process of its own for every case. */
async function run(given: Arguments, now: Date): Promise<void> {
  if (given.command === 'sign-bundle') await (await import('./sign-bundle.ts')).sign(given);
  else await (await import('./verify-bundle.ts')).verify(given, now);
}
