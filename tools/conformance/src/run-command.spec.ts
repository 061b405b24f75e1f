import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCommand } from './run-command.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-conformance-'));
  await writeFile(join(directory, 'malformed'), '{');
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function run(...args: string[]): Promise<[number, string]> {
  const notes: string[] = [];
  const code = await runCommand(args, new Date(), (line) => void notes.push(line));
  return [code, notes.join('\n')];
}

const by = ['--certificate-identity', 'a@b', '--certificate-oidc-issuer', 'https://issuer'];

it('ends with 1 and the reason for a bundle that is none', async () => {
  const bundle = join(directory, 'malformed');
  expect(await run('verify-bundle', '--bundle', bundle, ...by, bundle)).toEqual([
    1,
    expect.stringMatching(/^refused: /),
  ]);
});

it('ends with 2 for files that cannot be read and arguments that cannot be used', async () => {
  const missing = join(directory, 'missing');
  expect(await run('verify-bundle', '--bundle', missing, ...by, missing)).toEqual([
    2,
    expect.stringContaining(`the bundle ${JSON.stringify(missing)} cannot be read`),
  ]);
  expect((await run('sign'))[0]).toBe(2);
});
