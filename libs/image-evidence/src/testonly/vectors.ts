import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { env } from 'node:process';

const vectors = env['SIGSTEAD_VECTORS'] ?? resolve(import.meta.dirname, '../../../../../shared/vectors');
const cases = resolve(vectors, 'sigstore-conformance', 'bundle-verify');
const root = resolve(vectors, 'sigstore-public-good', 'trusted_root.json');

export const hasVectors = existsSync(cases) && existsSync(root);

/** Bundle of a case of sigstore-conformance. */
export function readBundle(name: string): Uint8Array {
  return readFileSync(resolve(cases, name, 'bundle.sigstore.json'));
}

export function readPublicGoodRoot(): Uint8Array {
  return readFileSync(root);
}
