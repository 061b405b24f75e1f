import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import type { HashAlgorithm } from '@sigstead/crypto';
import { parseArtifactDigest, VerificationError, type ArtifactDigest } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';

const DIGEST = /^(?:sha256|sha384|sha512):[0-9a-fA-F]+$/;

/** Whether what was named is a digest, and no path. */
export function isDigestText(named: string): boolean {
  return DIGEST.test(named) && !existsSync(named);
}

/**
 * The digest of what was named: a digest, `-` for standard input, else a file. It is read once, and no more of it is kept than
 * passes by.
 *
 * @throws CliError when it cannot be read, or is a digest of another algorithm
 */
export async function artifactDigest(named: string, algorithm: HashAlgorithm): Promise<ArtifactDigest> {
  if (isDigestText(named)) return digestOfText(named, algorithm);
  const stream: AsyncIterable<Uint8Array> = named === '-' ? process.stdin : createReadStream(named);
  const hash = createHash(algorithm);
  try {
    for await (const chunk of stream) hash.update(chunk);
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw new CliError(`the file ${JSON.stringify(named)} cannot be read (${code})`, exitCodes.usage, {
      cause,
    });
  }
  return { algorithm, digest: new Uint8Array(hash.digest()) };
}

function digestOfText(text: string, algorithm: HashAlgorithm): ArtifactDigest {
  const digest = parsedDigest(text);
  if (digest.algorithm === algorithm) return digest;
  throw new CliError(`${text} is no ${algorithm} digest, which this key signs`, exitCodes.usage);
}

/** @throws CliError when it is none */
export function parsedDigest(text: string): ArtifactDigest {
  try {
    return parseArtifactDigest(text.toLowerCase());
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    throw new CliError(`${JSON.stringify(text)} is no digest: ${cause.message}`, exitCodes.usage, { cause });
  }
}
