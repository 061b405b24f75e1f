import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { outputFiles, type OutputOptions } from './output-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigstead-outputs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const DIGEST = `sha256:${'12'.repeat(32)}`;
const bundlesOf = async (names: string[], options: Partial<OutputOptions> = {}) => {
  const filesOf = await outputFiles({ output: 'text', ...options }, names);
  return names.map((name) => filesOf(name).bundle);
};

describe('outputFiles', () => {
  it('has a place beside each file', async () => {
    expect(await bundlesOf(['a.txt', 'dist/b'])).toEqual(['a.txt.sigstore.json', 'dist/b.sigstore.json']);
  });

  it('has a file, or a folder that is there', async () => {
    expect(await bundlesOf(['a.txt'], { bundle: join(folder, 'x.json') })).toEqual([join(folder, 'x.json')]);
    expect(await bundlesOf(['d/a.txt'], { bundle: folder })).toEqual([join(folder, 'a.txt.sigstore.json')]);
  });

  it('makes a folder for several', async () => {
    const bundle = join(folder, 'new/bundles');
    expect(await bundlesOf(['a.txt', DIGEST], { bundle })).toEqual([
      join(bundle, 'a.txt.sigstore.json'),
      join(bundle, `sha256-${'12'.repeat(32)}.sigstore.json`),
    ]);
    expect((await stat(bundle)).isDirectory()).toBe(true);
  });

  it('writes no bundle where other files are asked for, or where it is in the JSON', async () => {
    expect(await bundlesOf(['a.txt'], { signature: 'a.sig' })).toEqual([undefined]);
    expect(await bundlesOf(['-'], { output: 'json' })).toEqual([undefined]);
    expect(await bundlesOf([DIGEST, 'a.txt'], { output: 'json' })).toEqual([
      undefined,
      'a.txt.sigstore.json',
    ]);
  });

  it.each<[string, string[], Partial<OutputOptions>]>([
    ['standard input has no place', ['-'], {}],
    [`${DIGEST} has no place`, [DIGEST], {}],
    ['are for one file', ['a', 'b'], { signature: 's' }],
    ['has no certificate', ['a'], { certificate: 'c', key: 'k' }],
  ])('is wrong usage: %s', async (message, names, options) => {
    await expect(bundlesOf(names, options)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });

  it('writes no two bundles to one place, and none over a file that is to be a folder', async () => {
    await expect(bundlesOf(['a/x', 'b/x'], { bundle: folder })).rejects.toThrow('two bundles');
    await writeFile(join(folder, 'file'), '');
    await expect(bundlesOf(['a', 'b'], { bundle: join(folder, 'file') })).rejects.toThrow('is a file');
    await mkdir(join(folder, 'dir'));
    expect(await bundlesOf(['a', 'b'], { bundle: join(folder, 'dir') })).toHaveLength(2);
  });
});
