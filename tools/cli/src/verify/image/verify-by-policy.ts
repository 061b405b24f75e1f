import type { ImageReference } from '@sigstead/oci';
import {
  appliesTo,
  canonicalImageName,
  compileImagePolicy,
  PolicyError,
  verifyImagePolicy,
  type ImagePolicy,
} from '@sigstead/verification';
import { MAX_POLICY_BYTES, parseImagePolicyDocument } from '@sigstead/verification/policy-documents';
import { decodeUtf8, EncodingError } from '@sigstead/encoding';
import { CliError, exitCodes } from '../../cli-error.ts';
import { requireJudging, tell } from '../judging.ts';
import type { ImageVerifyOptions, Surroundings } from '../options.ts';
import { readGivenFile } from '../../read-given-file.ts';
import { outputFormat } from '../report/output-format.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { readImageReference } from '../../registry/image-reference.ts';
import { describePolicyVerdict, policyFindings } from './policy-findings.ts';

/**
 * Verifies that images meet a policy about images, one after the other up to the first that does not. What a policy only warns of is
 * said, and the image passes.
 *
 * @param file JSON of the policy
 * @throws CliError with the exit code that tells why
 */
export async function verifyByPolicy(
  images: readonly string[],
  file: string,
  options: ImageVerifyOptions,
  surroundings: Surroundings,
): Promise<void> {
  assertPolicyAlone(options);
  const format = outputFormat(options.output, surroundings.program);
  const policy = await readPolicy(file);
  for (const image of images) assertAbout(policy, readImageReference(image), image);
  const judging = await requireJudging(options, surroundings, 'signature');
  const requireInclusionProof = options.requireInclusionProof === true;
  const demands = { ...judging.demands, requireInclusionProof };
  for (const image of images) {
    const gathered = await gatherEvidence(image, 'all', judging.roots, options, surroundings);
    const verdict = verifyImagePolicy(gathered, judging.roots, policy, demands);
    const findings = policyFindings(policy, verdict, gathered.reference);
    process.stdout.write(
      format === 'json' ? `${JSON.stringify(verdict)}\n` : describePolicyVerdict(verdict, findings),
    );
    for (const warning of findings.warnings) tell(`WARNING: ${warning}`);
    if (findings.refusals.length > 0) {
      const none = gathered.signatures.length === 0;
      throw new CliError(
        `${verdict.image}: ${findings.refusals.join('; ')}`,
        none ? exitCodes.imageWithoutSignature : exitCodes.noMatchingSignature,
      );
    }
  }
}

function assertPolicyAlone(options: ImageVerifyOptions): void {
  if (options.verifier !== undefined)
    throw new CliError(
      '--policy is judged here: a verifier service has policies of its own',
      exitCodes.usage,
    );
  const names = Object.keys(options) as (keyof ImageVerifyOptions)[];
  const other = names.find(
    (name) => /^(?:certificate|key$|annotations$)/.test(name) && options[name] !== undefined,
  );
  if (other === undefined) return;
  throw new CliError('--policy says who is expected to sign: no other option may', exitCodes.usage);
}

async function readPolicy(file: string): Promise<ImagePolicy> {
  const bytes = await readGivenFile(file, 'policy', MAX_POLICY_BYTES);
  try {
    return compileImagePolicy(parseImagePolicyDocument(decodeUtf8(bytes)));
  } catch (cause) {
    if (!(cause instanceof PolicyError || cause instanceof EncodingError)) throw cause;
    throw new CliError(`policy ${JSON.stringify(file)}: ${cause.message}`, exitCodes.usage, { cause });
  }
}

/** @throws CliError: an image must not pass by a policy that is not about it */
function assertAbout(policy: ImagePolicy, { registry, repository }: ImageReference, image: string): void {
  if (appliesTo(policy, canonicalImageName(registry, repository))) return;
  throw new CliError(`the policy ${policy.name} is not about ${image}: see its spec.images`);
}
