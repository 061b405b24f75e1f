import { renderVerdict, verifyImageSignature, type ImageVerdict, type Policy } from '@sigstead/verification';
import type { Judging } from '../judging.ts';
import type { ImageOptions, Surroundings } from '../options.ts';
import { checksMade, verifiedOf, type Verified } from '../report/checks-made.ts';
import { hasColors, type OutputFormat } from '../report/output-format.ts';
import { verificationHeader } from '../report/verification-header.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { refuseImage } from './refuse-image.ts';

/** What an image is judged for, and by what. */
export interface ImageTask {
  readonly noun: 'signature' | 'attestation';
  readonly policy: Policy;
  readonly judging: Judging;
  readonly format: OutputFormat;
  readonly options: ImageOptions;
  readonly surroundings: Surroundings;
}

/**
 * Judges one image. As text the verdict is printed whatever it is; else what cosign says was checked, to standard error.
 *
 * @returns what passed: one signature at least
 * @throws CliError with the exit code that tells why nothing did
 */
export async function judgeImage(
  image: string,
  { noun, policy, judging, format, options, surroundings }: ImageTask,
): Promise<{ verdict: ImageVerdict; verified: readonly Verified[] }> {
  const { roots, origin, demands, take } = judging;
  const gathered = await gatherEvidence(image, noun, roots, options, surroundings);
  const taken = { ...gathered, signatures: gathered.signatures.map(take) };
  const verdict = verifyImageSignature(taken, roots, policy, {
    ...demands,
    // Bundles have their proofs by their own rules; cosign's older form never has one.
    requireInclusionProof: options.requireInclusionProof === true,
  });
  if (format === 'text') {
    const colors = hasColors(process.stdout, surroundings.environment);
    process.stdout.write(renderVerdict(verdict, { colors }));
  }
  if (!verdict.verified) throw refuseImage({ verdict, noun, origin });
  const verified = verifiedOf(taken, verdict);
  if (format === 'json') {
    const checks = checksMade(verified, taken, options.annotations !== undefined);
    process.stderr.write(verificationHeader(verdict.image, checks));
  }
  return { verdict, verified };
}
