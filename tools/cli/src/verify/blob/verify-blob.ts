import { claimedKind, requireImageSignature } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import { requireJudging } from '../judging.ts';
import type { BlobVerifyOptions, Surroundings } from '../options.ts';
import { blobOutputFormat } from '../report/output-format.ts';
import { compileSignerPolicy, readSignerPolicyInput } from '../signer/signer-policy.ts';
import { artifactNeeds } from './artifact-needs.ts';
import { readArtifact } from '../../artifact.ts';
import { judgeBlob } from './judge-blob.ts';
import { readSeparateBlob, readSignedBlob, type SignedBlob } from './signed-blob.ts';

/**
 * Verifies that a file is signed.
 *
 * @param file path, `-` for standard input, or a digest
 * @throws CliError with the reason for a refusal
 */
export async function verifyBlob(
  file: string,
  options: BlobVerifyOptions,
  surroundings: Surroundings,
): Promise<void> {
  const format = blobOutputFormat(options.output);
  const input = await readSignerPolicyInput(options, surroundings.environment);
  // Whoever attests something about a file has not signed it.
  const policy = requireImageSignature(compileSignerPolicy(input));
  const signed = await readSigned(options);
  if (claimedKind(signed) === 'attestation')
    throw new CliError(`the bundle holds an attestation about a file: see verify-blob-attestation`);
  const judging = await requireJudging(options, surroundings, 'blob');
  const artifact = await readArtifact(file, artifactNeeds(signed.evidence, policy));
  judgeBlob({ file, artifact, signed, policy, judging, format, options, surroundings });
}

async function readSigned(options: BlobVerifyOptions): Promise<SignedBlob> {
  const { bundle, signature, certificate, rfc3161Timestamp: timestamp } = options;
  if (bundle !== undefined) {
    if ([signature, certificate, timestamp].some((part) => part !== undefined)) {
      throw new CliError(
        '--signature, --certificate and --rfc3161-timestamp are for a signature without --bundle',
        exitCodes.usage,
      );
    }
    return readSignedBlob(bundle);
  }
  if (signature === undefined)
    throw new CliError('want --bundle, or --signature where there is none', exitCodes.usage);
  return readSeparateBlob({ signature, certificate, timestamp });
}
