import type { HashAlgorithm } from '@sigstead/crypto';
import type { ArtifactDigest } from '@sigstead/verification';
import { readArtifact } from '../../artifact.ts';
import { CliError, exitCodes } from '../../cli-error.ts';

/**
 * The digest of what was named, of which no more is kept than passes by.
 *
 * @param named a digest, `-` for standard input, or a file
 * @throws CliError when it cannot be read, or is a digest of another algorithm
 */
export async function artifactDigest(named: string, algorithm: HashAlgorithm): Promise<ArtifactDigest> {
  const artifact = await readArtifact(named, { algorithms: [algorithm], maxContentBytes: 0 });
  if (artifact.algorithm === algorithm) return { algorithm, digest: artifact.digest };
  throw new CliError(`${named} is no ${algorithm} digest, which this key signs`, exitCodes.usage);
}
