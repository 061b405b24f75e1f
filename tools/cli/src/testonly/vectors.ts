import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const vectors =
  process.env['SIGSTEAD_VECTORS'] ?? resolve(import.meta.dirname, '../../../../../shared/vectors');

/** Cases of sigstore-conformance, a folder each. */
export const CONFORMANCE = resolve(vectors, 'sigstore-conformance', 'bundle-verify');
export const PUBLIC_GOOD_ROOT = resolve(vectors, 'sigstore-public-good', 'trusted_root.json');
export const hasVectors = existsSync(CONFORMANCE) && existsSync(PUBLIC_GOOD_ROOT);

/** Who signed them, unless a case says otherwise. */
export const CONFORMANCE_IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
export const CONFORMANCE_ISSUER = 'https://token.actions.githubusercontent.com';
