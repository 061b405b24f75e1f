import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import type { HashAlgorithm } from '@sigstead/crypto';
import { parseArtifactDigest, VerificationError, type Artifact } from '@sigstead/verification';
import { CliError, exitCodes } from './cli-error.ts';

/** What of a file is needed to judge a signature of it. */
export interface ArtifactNeeds {
  readonly algorithms: readonly HashAlgorithm[];
  /** Up to this size the file is also kept whole: pure Ed25519 is over the content itself. */
  readonly maxContentBytes: number;
}

const DIGEST = /^(sha256|sha384|sha512):[0-9a-fA-F]+$/;

/**
 * What was named: a digest that is no path, `-` for standard input, else a file. A file is read once, and of a large one no more than
 * its digests is kept.
 *
 * @throws CliError when it cannot be read
 */
export async function readArtifact(named: string, needs: ArtifactNeeds): Promise<Artifact> {
  if (named === '-') return hashStream(process.stdin, needs);
  if (isDigestText(named)) return digestArtifact(named);
  try {
    return await hashStream(createReadStream(named), needs);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CliError(`the file ${JSON.stringify(named)} cannot be read (${reason})`, exitCodes.failed, {
      cause,
    });
  }
}

/** Whether what was named is a digest, and no path. */
export function isDigestText(named: string): boolean {
  return DIGEST.test(named) && !existsSync(named);
}

/** @throws CliError when it is none */
export function digestArtifact(text: string): Artifact {
  try {
    return parseArtifactDigest(text.toLowerCase());
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    throw new CliError(`${JSON.stringify(text)} is no digest: ${cause.message}`, exitCodes.usage, { cause });
  }
}

async function hashStream(
  stream: AsyncIterable<Uint8Array>,
  { algorithms, maxContentBytes }: ArtifactNeeds,
): Promise<Artifact> {
  const hashes = algorithms.map((algorithm): [HashAlgorithm, Hash] => [algorithm, createHash(algorithm)]);
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    for (const [, hash] of hashes) hash.update(chunk);
    size += chunk.length;
    if (size <= maxContentBytes) chunks.push(chunk);
    else chunks = [];
  }
  const [first, ...further] = hashes.map(([algorithm, hash]) => ({
    algorithm,
    digest: new Uint8Array(hash.digest()),
  }));
  if (first === undefined) throw new Error('an artifact is known by one digest at least');
  return {
    ...first,
    further,
    ...(size <= maxContentBytes && { content: new Uint8Array(Buffer.concat(chunks)) }),
  };
}
