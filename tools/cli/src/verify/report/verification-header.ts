/** What was checked, of every signature that counts. */
export interface ChecksMade {
  readonly annotations: boolean;
  /** Log entries were judged by what came with the signatures. */
  readonly logEntry: boolean;
  /** A log was asked for proofs, and they hold. */
  readonly proofFetched: boolean;
  /** Why a log's promise had to do without its proof, undefined when none had. */
  readonly promiseOnly: string | undefined;
  readonly signer: 'key' | 'certificate';
}

/**
 * What cosign writes to standard error before its result.
 *
 * @param image its name in full
 */
export function verificationHeader(image: string, checks: ChecksMade): string {
  const lines = [
    '',
    `Verification for ${image} --`,
    'The following checks were performed on each of these signatures:',
    ...(checks.annotations ? ['  - The specified annotations were verified.'] : []),
    '  - The cosign claims were validated',
    ...(checks.logEntry ? ['  - Existence of the claims in the transparency log was verified offline'] : []),
    ...(checks.proofFetched ? ['  - The claims were present in the transparency log'] : []),
    ...(checks.promiseOnly === undefined
      ? []
      : [`  - The log's promise was verified in the place of an inclusion proof: ${checks.promiseOnly}`]),
    checks.signer === 'key'
      ? '  - The signatures were verified against the specified public key'
      : '  - The code-signing certificate was verified using trusted certificate authority certificates',
  ];
  return lines.map((line) => `${line}\n`).join('');
}
