import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { decodeHex } from '@sigstead/encoding';
import type { Artifact } from '@sigstead/verification';
import { UsageError } from './errors.ts';

/** Kept whole beside its digests: pure Ed25519 is over the content itself. */
const SMALL_BYTES = 1 << 20;

/**
 * What was named: `sha256:` and 64 hexadecimal digits that are no path are a digest; anything else is a file, read once, of
 * which only a small one is ever held whole.
 *
 * @throws UsageError when the file cannot be read
 */
export async function readArtifact(named: string): Promise<Artifact> {
  const hex = /^sha256:([0-9a-fA-F]{64})$/.exec(named)?.[1];
  if (hex !== undefined && !existsSync(named)) {
    return { algorithm: 'sha256', digest: decodeHex(hex.toLowerCase()) };
  }
  try {
    return await readFile(named);
  } catch (cause) {
    throw new UsageError(`the artifact ${JSON.stringify(named)} cannot be read`, { cause });
  }
}

async function readFile(path: string): Promise<Artifact> {
  const [sha256, sha384, sha512] = [createHash('sha256'), createHash('sha384'), createHash('sha512')];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    for (const hash of [sha256, sha384, sha512]) hash.update(chunk);
    size += chunk.length;
    if (size <= SMALL_BYTES) chunks.push(chunk);
  }
  return {
    algorithm: 'sha256',
    digest: new Uint8Array(sha256.digest()),
    further: [
      { algorithm: 'sha384', digest: new Uint8Array(sha384.digest()) },
      { algorithm: 'sha512', digest: new Uint8Array(sha512.digest()) },
    ],
    ...(size <= SMALL_BYTES && { content: new Uint8Array(Buffer.concat(chunks)) }),
  };
}
