import { requireJudging } from '../judging.ts';
import type { AttestationVerifyOptions, Surroundings } from '../options.ts';
import { envelopeText } from '../report/cosign-result.ts';
import { outputFormat } from '../report/output-format.ts';
import { compileSignerPolicy, readSignerPolicyInput } from '../signer/signer-policy.ts';
import { judgeImage } from './judge-image.ts';

/**
 * Verifies that images have an attestation of a type, one after the other up to the first that has none, and prints the envelopes
 * of those that hold.
 *
 * @throws CliError with the exit code that tells why
 */
export async function verifyImageAttestations(
  images: readonly string[],
  options: AttestationVerifyOptions,
  surroundings: Surroundings,
): Promise<void> {
  const format = outputFormat(options.output, surroundings.program);
  const input = await readSignerPolicyInput(options, surroundings.environment);
  const policy = compileSignerPolicy({ ...input, predicateType: options.type });
  const judging = await requireJudging(options, surroundings, 'attestation');
  const task = { noun: 'attestation', policy, judging, format, options, surroundings } as const;
  for (const image of images) {
    const { verified } = await judgeImage(image, task);
    if (format === 'json')
      process.stdout.write(verified.map(({ evidence }) => `${envelopeText(evidence)}\n`).join(''));
  }
}
