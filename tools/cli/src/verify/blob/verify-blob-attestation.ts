import { VerificationError, type Artifact } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import { requireJudging } from '../judging.ts';
import type { BlobAttestationVerifyOptions, Surroundings } from '../options.ts';
import { blobOutputFormat } from '../report/output-format.ts';
import { compileSignerPolicy, readSignerPolicyInput } from '../signer/signer-policy.ts';
import { artifactNeeds } from './artifact-needs.ts';
import { digestArtifact, readArtifact } from '../../artifact.ts';
import { judgeBlob } from './judge-blob.ts';
import { readSignedBlob } from './signed-blob.ts';

/**
 * Verifies that something of a type is attested about a file.
 *
 * @param file path, `-` for standard input, or a digest; undefined where options give the digest
 * @throws CliError with the reason for a refusal
 */
export async function verifyBlobAttestation(
  file: string | undefined,
  options: BlobAttestationVerifyOptions,
  surroundings: Surroundings,
): Promise<void> {
  const format = blobOutputFormat(options.output);
  const named = file ?? digestOption(options);
  const input = await readSignerPolicyInput(options, surroundings.environment);
  const policy = compileSignerPolicy({ ...input, predicateType: options.type });
  const signed = await readSignedBlob(options.bundle);
  const judging = await requireJudging(options, surroundings, 'blob attestation');
  const artifact: Artifact =
    file === undefined
      ? digestArtifact(named)
      : await readArtifact(file, artifactNeeds(signed.evidence, policy));
  if (!(signed.evidence instanceof VerificationError) && signed.evidence.content.kind !== 'dsse')
    throw new CliError(
      `${JSON.stringify(options.bundle)} holds a signature and no attestation: see verify-blob`,
    );
  judgeBlob({ file: named, artifact, signed, policy, judging, format, options, surroundings });
}

function digestOption({ digest, digestAlg }: BlobAttestationVerifyOptions): string {
  if (digest !== undefined && digestAlg !== undefined) return `${digestAlg}:${digest}`;
  throw new CliError('want a file, or its digest: --digest and --digestAlg', exitCodes.usage);
}
