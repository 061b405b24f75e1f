import { SigningError } from '@sigstead/signing';
import { CliError, exitCodes } from '../../cli-error.ts';
import { printable } from '../../printable.ts';

/** Why something was not signed, in one line. */
export interface Failure {
  /** Where in the sequence it stopped, where that is known. */
  readonly step?: string;
  readonly message: string;
}

/** @returns undefined for a defect of our own */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof CliError) return { message: printable(error.message) };
  if (!(error instanceof SigningError)) return undefined;
  return { step: error.step, message: printable(error.message) };
}

export function describeFailure({ step, message }: Failure): string {
  return step === undefined ? message : `step ${step}: ${message}`;
}

/** Runs a check of what the caller asked for. @throws CliError of wrong usage */
export function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof SigningError)) throw cause;
    throw new CliError(cause.message, exitCodes.usage, { cause });
  }
}

/** Runs work whose refusal is that of the command. @throws CliError naming the step */
export async function explainedOnly<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof SigningError)) throw cause;
    const failure = failureOf(cause) ?? { message: cause.message };
    throw new CliError(`${printable(what)}: ${describeFailure(failure)}`, exitCodes.failed, { cause });
  }
}
