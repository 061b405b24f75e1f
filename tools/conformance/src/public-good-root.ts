import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrustedRoot, type TrustedRoot } from '@sigstead/trust';
import { VECTORS } from './vectors.ts';

/** What the public instance of Sigstore asks to be trusted. */
export function publicGoodRoot(): TrustedRoot {
  return parseTrustedRoot(readFileSync(join(VECTORS, 'sigstore-public-good/trusted_root.json')));
}
