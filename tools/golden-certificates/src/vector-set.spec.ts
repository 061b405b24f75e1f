import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allGroups } from './cases/all.ts';
import { refusedConfigurations } from './cases/configuration.ts';

const VECTORS = join(import.meta.dirname, '../../../vectors/certificates');

const groups = [...allGroups, { folder: 'configuration', cases: refusedConfigurations }];

describe('vectors of golden certificates', () => {
  it('lie in one folder per group of cases', async () => {
    expect((await readdir(VECTORS)).sort()).toEqual(groups.map(({ folder }) => folder).sort());
  });

  it.each(groups)('are one file per case of $folder', async ({ folder, cases }) => {
    const names = cases.map(({ name }) => `${name}.json`);
    expect(new Set(names).size).toBe(names.length);
    expect((await readdir(join(VECTORS, folder))).sort()).toEqual(names.sort());
  });

  it.each(groups)(
    'hold the configuration and the claims of the cases of $folder',
    async ({ folder, cases }) => {
      for (const one of cases) {
        const vector = JSON.parse(await readFile(join(VECTORS, folder, `${one.name}.json`), 'utf8'));
        expect(vector).toMatchObject({
          name: one.name,
          configuration: one.configuration === undefined ? { public: true } : { text: one.configuration },
          ...('claims' in one ? { claims: JSON.parse(JSON.stringify(one.claims)) } : {}),
        });
      }
    },
  );

  it('hold nothing but public halves', async () => {
    for (const { folder } of groups) {
      for (const file of await readdir(join(VECTORS, folder))) {
        expect(await readFile(join(VECTORS, folder, file), 'utf8')).not.toMatch(/PRIVATE KEY|\/tmp\/golden-/);
      }
    }
  });
});
