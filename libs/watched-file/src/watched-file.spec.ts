import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readBounded, type FileContent } from './read-bounded.ts';
import { WatchedFile } from './watched-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watched-file-'));
  file = join(folder, 'content');
  await writeFile(file, 'one');
});
afterEach(() => rm(folder, { recursive: true }));

const text = (content: FileContent): string =>
  'failure' in content ? content.failure : new TextDecoder().decode(content.bytes);

describe('readBounded', () => {
  it('reads a file up to its bound, and no further', async () => {
    expect(text(await readBounded(file, 3))).toBe('one');
    expect(text(await readBounded(file, 2))).toBe('the file is larger than 2 bytes');
    expect(text(await readBounded('/dev/zero', 1_000))).toBe('the file is larger than 1000 bytes');
  });

  it('tells why there is none', async () => {
    expect(text(await readBounded(join(folder, 'none'), 10))).toBe('the file cannot be read (ENOENT)');
    expect(text(await readBounded(folder, 10))).toBe('the file cannot be read (EISDIR)');
  });

  it('waits for no writer', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(text(await readBounded(pipe, 10))).toBe('');
  });
});

describe('WatchedFile', () => {
  let look: () => Promise<void>;
  let told: string[];
  let stopped: boolean;
  let watched: WatchedFile;
  beforeEach(async () => {
    told = [];
    stopped = false;
    watched = new WatchedFile(file, await readBounded(file, 100), {
      maxBytes: 100,
      onChange: (content) => void told.push(text(content)),
      repeat: (work) => {
        look = work;
        return () => {
          stopped = true;
        };
      },
    });
  });
  afterEach(() => watched.close());

  it('tells of a change that was seen twice', async () => {
    await writeFile(file, 'two');
    await look();
    expect(told).toEqual([]);
    await look();
    await look();
    expect(told).toEqual(['two']);
  });

  it('tells of no content that was there for one look', async () => {
    await writeFile(file, 'ha');
    await look();
    await writeFile(file, 'half no more');
    await look();
    await look();
    expect(told).toEqual(['half no more']);
  });

  it('tells of what became of the file, once', async () => {
    await rm(file);
    for (let count = 0; count < 3; count++) await look();
    await writeFile(`${file}~`, 'two');
    await rename(`${file}~`, file);
    for (let count = 0; count < 3; count++) await look();
    expect(told).toEqual(['the file cannot be read (ENOENT)', 'two']);
  });

  it('looks no more once it is closed', async () => {
    await watched.close();
    expect(stopped).toBe(true);
  });
});
