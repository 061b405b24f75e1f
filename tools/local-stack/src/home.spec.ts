import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openHome } from './home.ts';
import { openKeys } from './trust.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('state folder', () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sigstead-home-'));
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it('is made where it is wanted, whatever its name', async () => {
    const { root } = await openHome(join(parent, 'a b', 'Ünï'));
    expect(await readdir(root)).toEqual([]);
  });

  it('is named when it cannot be one', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'below')]) {
      await expect(openHome(path)).rejects.toThrow(`the state folder ${path} (SIGSTEAD_HOME) cannot be used`);
    }
  });

  it('keeps its keys, and gets no new ones when their record is lost', async () => {
    const home = await openHome(join(parent, 'home'));
    const made = await openKeys(home, NOW);
    expect(await openKeys(home, NOW)).toEqual(made);
    await rm(join(home.root, 'ceremony.json'));
    await mkdir(home.postgres);
    await writeFile(join(home.postgres, 'initialised'), '');
    await expect(openKeys(home, NOW)).rejects.toThrow(/ceremony\.json.* is gone/);
    expect(await readdir(home.root)).not.toContain('ceremony.json');
  });
});
