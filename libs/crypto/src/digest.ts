import { createHash, hash } from 'node:crypto';
import { KeyError } from './key-error.ts';

/** The SHA-2 members Sigstore signs with. */
export type HashAlgorithm = 'sha256' | 'sha384' | 'sha512';

const DIGEST_SIZE: Readonly<Record<HashAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** Bytes of a digest: 32, 48 or 64. */
export function digestSize(algorithm: HashAlgorithm): number {
  return DIGEST_SIZE[algorithm];
}

/** Whether the text names one of the three hashes, in exactly this spelling. */
export function isHashAlgorithm(text: string): text is HashAlgorithm {
  return Object.hasOwn(DIGEST_SIZE, text);
}

/** Digest over the parts one after the other (FIPS 180-4). */
export function digest(algorithm: HashAlgorithm, ...data: readonly Uint8Array[]): Uint8Array {
  const [only] = data;
  if (only !== undefined && data.length === 1) return plain(hash(algorithm, only, 'buffer'));
  const running = createHash(algorithm);
  for (const part of data) running.update(part);
  return plain(running.digest());
}

/** SHA-256 over the parts one after the other, 32 bytes. */
export function sha256(...data: readonly Uint8Array[]): Uint8Array {
  return digest('sha256', ...data);
}

/** @throws KeyError ALGORITHM when the digest is not as long as the hash makes it */
export function assertDigest(algorithm: HashAlgorithm, { length }: Uint8Array): void {
  const size = DIGEST_SIZE[algorithm];
  if (length !== size) throw new KeyError('ALGORITHM', `digest of ${length} bytes, ${algorithm} has ${size}`);
}

// Buffer's slice() shares memory where Uint8Array's copies, so Buffers stay inside this library.
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
