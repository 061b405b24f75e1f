import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { readArtifact } from './artifact.ts';

const HEX = 'ab'.repeat(32);
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-artifact-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

it('takes a digest as it is', async () => {
  const { algorithm, digest, further, content } = await readArtifact(`sha256:${HEX.toUpperCase()}`);
  expect([algorithm, encodeHex(digest), further, content]).toEqual(['sha256', HEX, undefined, undefined]);
});

it('hashes a file by every algorithm that signatures are over', async () => {
  const path = join(directory, 'file');
  await writeFile(path, 'content');
  const { algorithm, digest, further = [], content } = await readArtifact(path);
  const found = [{ algorithm, digest }, ...further];
  expect(found.map((each) => each.algorithm)).toEqual(['sha256', 'sha384', 'sha512']);
  for (const each of found)
    expect(encodeHex(each.digest)).toBe(createHash(each.algorithm).update('content').digest('hex'));
  expect(content).toEqual(new TextEncoder().encode('content'));
});

it('does not hold a large file', async () => {
  const path = join(directory, 'large');
  const bytes = Buffer.alloc((1 << 20) + 1);
  await writeFile(path, bytes);
  const { digest, content } = await readArtifact(path);
  expect(encodeHex(digest)).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(content).toBeUndefined();
});

it('takes what looks like a digest for a file when there is one, and when it is too short', async () => {
  const here = process.cwd();
  process.chdir(directory);
  try {
    await writeFile(`sha256:${HEX}`, 'content');
    const { digest } = await readArtifact(`sha256:${HEX}`);
    expect(encodeHex(digest)).toBe(createHash('sha256').update('content').digest('hex'));
    await expect(readArtifact('sha256:ab')).rejects.toThrow('cannot be read');
  } finally {
    process.chdir(here);
  }
});

it('refuses a file that is not there, and a folder', async () => {
  await expect(readArtifact(join(directory, 'none'))).rejects.toThrow('cannot be read');
  await expect(readArtifact(directory)).rejects.toThrow('cannot be read');
});
