import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readGivenFile } from './read-given-file.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-given-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('reads a file up to its bound', async () => {
  const path = join(directory, 'file');
  await writeFile(path, 'content');
  expect(await readGivenFile(path, 'bundle', 7)).toEqual(new TextEncoder().encode('content'));
  await expect(readGivenFile(path, 'bundle', 6)).rejects.toThrow(
    `bundle "${path}": the file is larger than 6 bytes`,
  );
  await expect(readGivenFile(join(directory, 'none'), 'bundle', 6)).rejects.toThrow('(ENOENT)');
  await expect(readGivenFile(directory, 'bundle', 6)).rejects.toThrow('(EISDIR)');
  await expect(readGivenFile('/dev/zero', 'bundle', 1000)).rejects.toThrow('larger than 1000 bytes');
});

it('waits for a pipe', async () => {
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const reading = readGivenFile(path, 'bundle', 100);
  await writeFile(path, 'late');
  expect(await reading).toEqual(new TextEncoder().encode('late'));
});
