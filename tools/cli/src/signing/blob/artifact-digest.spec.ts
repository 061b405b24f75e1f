import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formatArtifactDigest } from '@sigstead/verification';
import { isDigestText } from '../../artifact.ts';
import { artifactDigest } from './artifact-digest.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigstead-digest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('artifactDigest', () => {
  it.each(['sha256', 'sha384', 'sha512'] as const)('hashes a file with %s', async (algorithm) => {
    const bytes = Buffer.alloc(300_000, 7);
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    const expected = createHash(algorithm).update(bytes).digest('hex');
    expect(formatArtifactDigest(await artifactDigest(path, algorithm))).toBe(`${algorithm}:${expected}`);
  });

  it('takes a digest as it is, unless it is the name of a file', async () => {
    const text = `sha256:${'AB'.repeat(32)}`;
    expect(formatArtifactDigest(await artifactDigest(text, 'sha256'))).toBe(text.toLowerCase());
    const path = join(folder, text);
    await writeFile(path, '');
    expect([isDigestText(text), isDigestText(path)]).toEqual([true, false]);
  });

  it.each([
    [`sha512:${'12'.repeat(64)}`, 2, 'which this key signs'],
    ['sha256:12', 2, 'is no digest'],
    ['/nowhere/file', 1, 'cannot be read (ENOENT)'],
    ['/', 1, 'cannot be read (EISDIR)'],
  ])('refuses %s', async (named, exitCode, message) => {
    await expect(artifactDigest(named, 'sha256')).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    });
  });
});
