import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { env } from 'node:process';

const vectors = env['SIGSTEAD_VECTORS'] ?? resolve(import.meta.dirname, '../../../../../shared/vectors');
const cases = resolve(vectors, 'sigstore-conformance/bundle-verify');

/** A spec that needs upstream vectors names its skip when they are absent. */
export const hasVectors = existsSync(cases);

/** Names of all conformance cases; those that end in `_fail` must be refused by a verifier, not always by the parser. */
export function caseNames(): string[] {
  if (!hasVectors) return [];
  return readdirSync(cases, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

export function bundleOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(cases, name, 'bundle.sigstore.json')));
}
