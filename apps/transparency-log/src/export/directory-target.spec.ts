import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../testonly/engine.ts';
import { pathsOf } from '../testonly/exported-log.ts';
import { DirectoryTarget } from './directory-target.ts';

let folder: { path: string; remove(): Promise<void> };
let target: DirectoryTarget;

beforeEach(async () => {
  folder = await temporaryDirectory();
  target = await DirectoryTarget.open(folder.path);
});

afterEach(async () => {
  await target.close();
  await folder.remove();
});

describe('DirectoryTarget', () => {
  it('has what was put, under its path, readable by a web server', async () => {
    const path = 'tile/entries/x001/234.p/17';
    expect(await target.has(path)).toBe(false);
    await target.put(path, Uint8Array.of(1, 2));
    expect(await target.has(path)).toBe(true);
    expect([...(await readFile(join(folder.path, path)))]).toEqual([1, 2]);
    expect((await stat(join(folder.path, path))).mode & 0o444).toBe(0o444);
  });

  it('takes no folder for a resource: a full tile is not there because a partial one is', async () => {
    await mkdir(join(folder.path, 'tile/0/000'), { recursive: true });
    expect(await target.has('tile/0/000')).toBe(false);
  });

  it('replaces the checkpoint that was read, and no other', async () => {
    expect(await target.readCheckpoint()).toBeUndefined();
    expect(await target.replaceCheckpoint('other', 'one')).toBe(false);
    expect(await target.replaceCheckpoint(undefined, 'one')).toBe(true);
    expect(await target.replaceCheckpoint(undefined, 'two')).toBe(false);
    expect(await target.readCheckpoint()).toBe('one');
    expect(await target.replaceCheckpoint('one', 'two')).toBe(true);
    expect(await target.readCheckpoint()).toBe('two');
  });

  it('leaves nothing but what was put, and removes no other export’s pending files', async () => {
    await mkdir(join(folder.path, '.pending-other'));
    await writeFile(join(folder.path, '.pending-other/0'), 'half');
    await target.put('tile/0/000', Uint8Array.of(1));
    await target.replaceCheckpoint(undefined, 'one');
    await target.close();
    expect(await pathsOf(folder.path)).toEqual(['.pending-other/0', 'checkpoint', 'tile/0/000']);
  });

  it('is unavailable where it cannot write or read', async () => {
    await writeFile(join(folder.path, 'tile'), 'a file');
    await expect(target.put('tile/0/000', Uint8Array.of(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(target.has('tile/0/000')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(DirectoryTarget.open(join(folder.path, 'tile'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await mkdir(join(folder.path, 'checkpoint'));
    await expect(target.readCheckpoint()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
