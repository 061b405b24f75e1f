/** Exit codes; 10 to 13 are those of cosign's verify. */
export const exitCodes = {
  failed: 1,
  usage: 2,
  imageWithoutSignature: 10,
  noSuchImage: 11,
  noMatchingSignature: 12,
  noCertificate: 13,
} as const;

/** Ends the command with a reason on stderr and an exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
