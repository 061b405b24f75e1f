import { digest, sha256 } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { TufError } from './errors.ts';
import { own } from './own.ts';

/** Length and hashes that metadata give of a file. */
export interface FileDescription {
  readonly length?: number | undefined;
  readonly hashes?: Readonly<Record<string, string>> | undefined;
}

const HASH = /^(?:[0-9a-f]{64}|[0-9a-f]{128})$/;

/** The hash a file is named by where names carry one. @throws TufError MISMATCH when there is none we know */
export function namingHash(what: string, { hashes = {} }: FileDescription): string {
  const hash = ['sha256', 'sha512'].map((name) => own(hashes, name));
  const found = hash.find((value) => value !== undefined && HASH.test(value));
  if (found !== undefined) return found;
  throw new TufError('MISMATCH', `${what} is described by neither SHA-256 nor SHA-512`);
}

/**
 * Compares bytes with their description. A description without any hash we know says nothing and is refused where hashes are
 * required; metadata may be described by its version alone.
 *
 * @throws TufError MISMATCH
 */
export function assertDescribed(what: string, bytes: Uint8Array, { length, hashes }: FileDescription): void {
  if (length !== undefined && bytes.length !== length)
    throw new TufError('MISMATCH', `${what} has ${bytes.length} bytes, want ${length}`);
  if (hashes === undefined) return;
  namingHash(what, { hashes });
  for (const [name, want] of Object.entries(hashes)) {
    if (name !== 'sha256' && name !== 'sha512') continue;
    const got = encodeHex(name === 'sha256' ? sha256(bytes) : digest('sha512', bytes));
    if (got !== want)
      throw new TufError('MISMATCH', `${what} has the ${name} ${got}, want ${want.slice(0, 128)}`);
  }
}
