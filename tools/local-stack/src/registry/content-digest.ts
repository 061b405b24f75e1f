import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { RegistryError } from './registry-error.ts';

const DIGEST = /^(?:(sha256):([0-9a-f]{64})|(sha512):([0-9a-f]{128}))$/;

/** A digest that fits a file name: algorithm and lower-case hex, nothing else gets through. */
export interface ContentDigest {
  readonly algorithm: 'sha256' | 'sha512';
  readonly hex: string;
  /** `algorithm:hex` */
  readonly text: string;
}

/** @throws RegistryError DIGEST_INVALID */
export function parseContentDigest(text: string): ContentDigest {
  const digest = tryParseContentDigest(text);
  if (digest !== undefined) return digest;
  throw new RegistryError('DIGEST_INVALID', 'want sha256:<64 hex digits> or sha512:<128 hex digits>');
}

export function tryParseContentDigest(text: unknown): ContentDigest | undefined {
  const match = typeof text === 'string' ? DIGEST.exec(text) : null;
  if (match === null) return undefined;
  const algorithm = match[1] === undefined ? 'sha512' : 'sha256';
  return { algorithm, hex: (match[2] ?? match[4]) as string, text: match[0] };
}

export function digestBytes(algorithm: ContentDigest['algorithm'], bytes: Uint8Array): ContentDigest {
  const hex = createHash(algorithm).update(bytes).digest('hex');
  return { algorithm, hex, text: `${algorithm}:${hex}` };
}

export async function digestFile(algorithm: ContentDigest['algorithm'], path: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
