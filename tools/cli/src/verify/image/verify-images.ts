import { requireImageSignature, type PolicyInput } from '@sigstead/verification';
import { assertBesideImages } from '../../registry/signature-repository.ts';
import { prepareJudging, withoutTrust } from '../judging.ts';
import type { ImageVerifyOptions, Surroundings } from '../options.ts';
import { cosignResult, olderFormFirst } from '../report/cosign-result.ts';
import { outputFormat } from '../report/output-format.ts';
import { compileSignerPolicy, readSignerPolicyInput } from '../signer/signer-policy.ts';
import { judgeImage } from './judge-image.ts';

/**
 * Verifies that images are signed, one after the other up to the first that is not.
 *
 * @throws CliError with the exit code that tells why
 */
export async function verifyImages(
  images: readonly string[],
  options: ImageVerifyOptions,
  surroundings: Surroundings,
): Promise<void> {
  const format = outputFormat(options.output, surroundings.program);
  if (options.policy !== undefined) {
    const { verifyByPolicy } = await import('./verify-by-policy.ts');
    return verifyByPolicy(images, options.policy, options, surroundings);
  }
  const input = await readSignerPolicyInput(options, surroundings.environment);
  const policy = requireImageSignature(compileSignerPolicy(input));
  const judging =
    options.verifier === undefined ? await prepareJudging(options, surroundings, 'signature') : undefined;
  if (judging === undefined) return askService(images, input, options, surroundings);
  const task = { noun: 'signature', policy, judging, format, options, surroundings } as const;
  for (const image of images) {
    const { verdict, verified } = await judgeImage(image, task);
    const named = { name: verdict.image, digest: verdict.digest };
    const results = olderFormFirst(verified.map(({ evidence }) => cosignResult(evidence, named)));
    if (format === 'json') process.stdout.write(`\n${JSON.stringify(results)}\n`);
  }
}

/** There is no trusted root here, or another is to judge: the verifier of the stack has one of its own. */
async function askService(
  images: readonly string[],
  policy: PolicyInput,
  options: ImageVerifyOptions,
  surroundings: Surroundings,
): Promise<void> {
  if (options.offline === true && options.verifier === undefined) throw withoutTrust();
  assertBesideImages(surroundings.environment);
  const { askVerifier } = await import('../service/ask-verifier.ts');
  await askVerifier(images, policy, options, surroundings);
}
