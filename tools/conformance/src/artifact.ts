import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { HashAlgorithm } from '@sigstead/crypto';
import { decodeHex } from '@sigstead/encoding';
import type { ArtifactDigest } from '@sigstead/verification';
import { UsageError } from './errors.ts';

/**
 * Digest of what was named: `sha256:` and 64 hexadecimal digits that are no path say it themselves, anything else is a file,
 * which is read once and never held whole.
 *
 * @param algorithm what a file is hashed with
 * @throws UsageError when the file cannot be read
 */
export async function digestOfArtifact(named: string, algorithm: HashAlgorithm): Promise<ArtifactDigest> {
  const hex = /^sha256:([0-9a-fA-F]{64})$/.exec(named)?.[1];
  if (hex !== undefined && !existsSync(named)) {
    return { algorithm: 'sha256', digest: decodeHex(hex.toLowerCase()) };
  }
  const hash = createHash(algorithm);
  try {
    await pipeline(createReadStream(named), hash);
  } catch (cause) {
    throw new UsageError(`the artifact ${JSON.stringify(named)} cannot be read`, { cause });
  }
  return { algorithm, digest: new Uint8Array(hash.digest()) };
}
