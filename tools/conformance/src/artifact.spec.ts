import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { digestOfArtifact } from './artifact.ts';

const HEX = 'ab'.repeat(32);
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-artifact-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

it('takes a digest as it is', async () => {
  const { algorithm, digest } = await digestOfArtifact(`sha256:${HEX.toUpperCase()}`, 'sha512');
  expect([algorithm, encodeHex(digest)]).toEqual(['sha256', HEX]);
});

it('hashes a file as it is asked to', async () => {
  const path = join(directory, 'file');
  await writeFile(path, 'content');
  for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
    const found = await digestOfArtifact(path, algorithm);
    expect(found.algorithm).toBe(algorithm);
    expect(encodeHex(found.digest)).toBe(createHash(algorithm).update('content').digest('hex'));
  }
});

it('takes what looks like a digest for a file when there is one, and when it is too short', async () => {
  const here = process.cwd();
  process.chdir(directory);
  try {
    await writeFile(`sha256:${HEX}`, 'content');
    const { digest } = await digestOfArtifact(`sha256:${HEX}`, 'sha256');
    expect(encodeHex(digest)).toBe(createHash('sha256').update('content').digest('hex'));
    await expect(digestOfArtifact('sha256:ab', 'sha256')).rejects.toThrow('cannot be read');
  } finally {
    process.chdir(here);
  }
});

it('refuses a file that is not there, and a folder', async () => {
  await expect(digestOfArtifact(join(directory, 'none'), 'sha256')).rejects.toThrow('cannot be read');
  await expect(digestOfArtifact(directory, 'sha256')).rejects.toThrow('cannot be read');
});
