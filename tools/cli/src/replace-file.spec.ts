import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { assertWritable, FileDraft, replaceFile } from './replace-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigstead-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('FileDraft', () => {
  it('is not there before it is kept, and leaves nothing beside it', async () => {
    const path = join(folder, 'bundle.json');
    await writeFile(path, 'before');
    const draft = await FileDraft.write(path, 'after');
    expect(await readFile(path, 'utf8')).toBe('before');
    await draft.keep();
    expect(await readFile(path, 'utf8')).toBe('after');
    expect(await readdir(folder)).toEqual(['bundle.json']);
  });

  it('is gone when it is discarded', async () => {
    const draft = await FileDraft.write(join(folder, 'bundle.json'), 'after');
    await draft.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  it('says at once where nothing can be written', async () => {
    await expect(FileDraft.write(join(folder, 'no/such', 'file'), 'x')).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('(ENOENT)'),
    });
    await mkdir(join(folder, 'there'));
    await expect(FileDraft.write(join(folder, 'there'), 'x')).rejects.toThrow('(EISDIR)');
  });
});

describe('assertWritable', () => {
  it('tells where a file could be written', async () => {
    await assertWritable(join(folder, 'new'));
    await assertWritable('/dev/null');
    await expect(assertWritable(join(folder, 'no/such/file'))).rejects.toThrow('(ENOENT)');
    await expect(assertWritable(folder)).rejects.toThrow('(EISDIR)');
  });
});

describe('replaceFile', () => {
  it('writes what a link leads to, and keeps the link', async () => {
    await writeFile(join(folder, 'real'), 'before');
    await symlink('real', join(folder, 'link'));
    await replaceFile(join(folder, 'link'), 'after');
    expect(await readFile(join(folder, 'real'), 'utf8')).toBe('after');
    expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true);
  });

  it('has its mode from the first byte on', async () => {
    await replaceFile(join(folder, 'key'), 'x', 0o600);
    expect((await stat(join(folder, 'key'))).mode & 0o777).toBe(0o600);
  });

  it('writes into a pipe, which stays one', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [read] = await Promise.all([readFile(pipe, 'utf8'), replaceFile(pipe, 'through')]);
    expect(read).toBe('through');
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });
});
