import { createHash } from 'node:crypto';
import { encodeHex } from '@sigstead/encoding';
import { sha256 } from '@sigstead/crypto';
import { OciError } from './errors.ts';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Digest of `bytes` as OCI writes it: `sha256:` and 64 lower-case hex digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${encodeHex(sha256(bytes))}`;
}

/** Passes bytes on as they come, and ends with an error unless they are exactly those of the digest. */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  { digest, size }: { readonly digest: string; readonly size: number },
  what: string,
): AsyncGenerator<Uint8Array> {
  const running = createHash('sha256');
  let length = 0;
  for await (const chunk of chunks) {
    running.update(chunk);
    length += chunk.length;
    yield chunk;
  }
  const got = `sha256:${running.digest('hex')}`;
  if (got !== digest) throw new OciError('DIGEST_MISMATCH', `${what} has digest ${got}, want ${digest}`);
  if (length !== size)
    throw new OciError('MALFORMED', `${what} has ${length} bytes, its descriptor says ${size}`);
}

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/**
 * The digest as it was given.
 *
 * Only SHA-256 is taken: signature tags, simple signing and every registry in use are built on it.
 *
 * @throws OciError REFERENCE
 */
export function parseDigest(text: string): string {
  if (isDigest(text)) return text;
  throw new OciError(
    'REFERENCE',
    `digest must be sha256: followed by 64 lower-case hex digits, got ${quote(text)}`,
  );
}

/** The 64 hex digits of a digest. @throws OciError REFERENCE */
export function digestHex(digest: string): string {
  return parseDigest(digest).slice('sha256:'.length);
}

/** Text from outside, made safe for a message: printable ASCII, at most 100 characters. */
export function quote(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return JSON.stringify(short.replace(/[^\x20-\x7e…]/g, '?'));
}
