import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readCases } from './cases.ts';

const CONTENT_DIGEST = 'sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigstead-cases-'));
  await writeFile(join(folder, 'a.txt'), 'content');
  for (const [name, files] of [
    ['plain', {}],
    [
      'own_fail',
      { artifact: 'other', identity: 'me\n', issuer: 'https://issuer\n', 'trusted_root.json': '{}' },
    ],
    ['managed', { 'key.pub': 'PEM' }],
  ] as const) {
    await mkdir(join(folder, name));
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), text);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('calls every folder twice, and expects what its name ends in', () => {
  expect(readCases(folder).map(({ id, accepted }) => [id, accepted])).toEqual([
    ['test_verify[PATH-managed]', true],
    ['test_verify[DIGEST-managed]', true],
    ['test_verify[PATH-own_fail]', false],
    ['test_verify[DIGEST-own_fail]', false],
    ['test_verify[PATH-plain]', true],
    ['test_verify[DIGEST-plain]', true],
  ]);
});

it('passes what a folder holds, and the defaults of the suite for the rest', () => {
  const args = (id: string) => readCases(folder).find((each) => each.id === `test_verify[${id}]`)?.args ?? [];
  expect(args('DIGEST-plain').at(-1)).toBe(CONTENT_DIGEST);
  expect(args('PATH-plain')).toContain('https://token.actions.githubusercontent.com');
  expect(args('PATH-plain')).not.toContain('--trusted-root');
  expect(args('PATH-own_fail')).toEqual([
    'verify-bundle',
    '--bundle',
    join(folder, 'own_fail/bundle.sigstore.json'),
    '--certificate-identity',
    'me',
    '--certificate-oidc-issuer',
    'https://issuer',
    '--trusted-root',
    join(folder, 'own_fail/trusted_root.json'),
    join(folder, 'own_fail/artifact'),
  ]);
  expect(args('PATH-managed').slice(3, -1)).toEqual(['--key', join(folder, 'managed/key.pub')]);
});
