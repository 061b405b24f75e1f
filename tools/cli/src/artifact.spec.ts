import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { readArtifact } from './artifact.ts';

const NEEDS = { algorithms: ['sha512', 'sha256'], maxContentBytes: 8 } as const;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-artifact-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

it('hashes a file by what is needed, and keeps a small one', async () => {
  const { algorithm, digest, further, content } = await readArtifact(await file('small', 'content'), NEEDS);
  expect([algorithm, encodeHex(digest)]).toEqual([
    'sha512',
    createHash('sha512').update('content').digest('hex'),
  ]);
  expect(further?.map((one) => [one.algorithm, encodeHex(one.digest)])).toEqual([
    ['sha256', createHash('sha256').update('content').digest('hex')],
  ]);
  expect(content).toEqual(new TextEncoder().encode('content'));
});

it('keeps nothing of a larger one', async () => {
  const text = 'x'.repeat(200_000);
  const { digest, content } = await readArtifact(await file('large', text), NEEDS);
  expect(encodeHex(digest)).toBe(createHash('sha512').update(text).digest('hex'));
  expect(content).toBeUndefined();
});

it('takes a digest in the place of a file, whatever the case of its letters', async () => {
  const hex = 'ab'.repeat(32);
  const artifact = await readArtifact(`sha256:${hex.toUpperCase()}`, NEEDS);
  expect([artifact.algorithm, encodeHex(artifact.digest), artifact.content]).toEqual([
    'sha256',
    hex,
    undefined,
  ]);
  await expect(readArtifact('sha256:abcd', NEEDS)).rejects.toThrow(expect.objectContaining({ exitCode: 2 }));
});

it('refuses what cannot be read', async () => {
  await expect(readArtifact(join(directory, 'none'), NEEDS)).rejects.toThrow('ENOENT');
  await expect(readArtifact(directory, NEEDS)).rejects.toThrow('EISDIR');
});
