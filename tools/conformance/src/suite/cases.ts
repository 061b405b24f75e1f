import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One test of the suite. */
export interface ConformanceCase {
  /** As the suite itself calls it. */
  readonly id: string;
  /** Whether the bundle is to be accepted. */
  readonly accepted: boolean;
  /** After the name of the program. */
  readonly args: readonly string[];
}

const DEFAULT_IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const DEFAULT_ISSUER = 'https://token.actions.githubusercontent.com';

/**
 * Every folder below `bundle-verify` twice, with the artifact by path and by digest (`test/assets/bundle-verify/README.md`
 * of the suite): which files lie in a folder decides how it is called, its name only what is expected.
 *
 * @param folder `bundle-verify`
 */
export function readCases(folder: string): ConformanceCase[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => casesOf(folder, name));
}

function casesOf(folder: string, name: string): ConformanceCase[] {
  const file = (base: string) => join(folder, name, base);
  const text = (base: string, fallback: string) =>
    existsSync(file(base)) ? readFileSync(file(base), 'utf8').trim() : fallback;
  const artifact = existsSync(file('artifact')) ? file('artifact') : join(folder, 'a.txt');
  const digest = `sha256:${createHash('sha256').update(readFileSync(artifact)).digest('hex')}`;
  const common = [
    'verify-bundle',
    '--bundle',
    file('bundle.sigstore.json'),
    ...(existsSync(file('key.pub'))
      ? ['--key', file('key.pub')]
      : [
          '--certificate-identity',
          text('identity', DEFAULT_IDENTITY),
          '--certificate-oidc-issuer',
          text('issuer', DEFAULT_ISSUER),
        ]),
    ...(existsSync(file('trusted_root.json')) ? ['--trusted-root', file('trusted_root.json')] : []),
  ];
  const accepted = !name.endsWith('fail');
  return [
    { id: `test_verify[PATH-${name}]`, accepted, args: [...common, artifact] },
    { id: `test_verify[DIGEST-${name}]`, accepted, args: [...common, digest] },
  ];
}
