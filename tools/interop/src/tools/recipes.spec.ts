import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { debianProgram, goProgram, npmPackages, pythonProgram, type Place } from './recipes.ts';

let directory: string;
let said: string[];
let place: Place;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-recipes-'));
  await mkdir(join(directory, 'bin'));
  said = [];
  place = {
    folder: join(directory, 'tools'),
    environment: { PATH: `${join(directory, 'bin')}:/usr/bin:/bin`, DIRECTORY: directory },
    say: (text) => void said.push(text),
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** A program of that name, first on the path. */
async function standIn(name: string, script: string): Promise<void> {
  const path = join(directory, 'bin', name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

describe('a program of Go', () => {
  const recipe = goProgram('tool', 'example.com/tool', 'v1.2.3');

  it('is built at its version, once', async () => {
    await standIn('go', 'echo "$@" >> "$DIRECTORY/calls" && touch "$GOBIN/tool"');
    const path = join(place.folder, 'tool-v1.2.3/tool');
    expect(await recipe(place)).toEqual({ path });
    expect(await recipe(place)).toEqual({ path });
    expect(await readFile(join(directory, 'calls'), 'utf8')).toBe('install example.com/tool@v1.2.3\n');
    expect(said).toEqual(['building tool v1.2.3 (minutes, once)']);
  });

  it('is built again after a build that failed, on nothing that was left behind', async () => {
    await standIn('go', 'touch "$GOBIN/half"; echo no such module >&2; exit 1');
    expect(await recipe(place)).toEqual({ missing: 'no such module' });
    await standIn('go', 'touch "$GOBIN/tool"');
    expect(await recipe(place)).toMatchObject({ path: expect.anything() });
    expect((await readdir(join(place.folder, 'tool-v1.2.3'))).sort()).toEqual(['.installed', 'tool']);
  });

  it('is missing without Go', async () => {
    const without = { ...place, environment: { PATH: join(directory, 'bin') } };
    expect(await recipe(without)).toEqual({ missing: 'Go is not installed' });
    expect(said).toEqual([]);
  });
});

it('packages of npm are installed at exact versions, in a folder of their own', async () => {
  await standIn('npm', 'echo "$@" > "$DIRECTORY/calls"');
  const home = join(place.folder, 'npm--example-a-1.0.0+b-2.0.0');
  expect(await npmPackages({ '@example/a': '1.0.0', b: '2.0.0' })(place)).toEqual({ path: home });
  const call = await readFile(join(directory, 'calls'), 'utf8');
  expect(call).toMatch(/^install --prefix .* @example\/a@1\.0\.0 b@2\.0\.0\n$/);
  expect(call).toContain(`--prefix ${home}`);
});

it('a program of PyPI is installed at its version, in an environment of its own', async () => {
  await standIn(
    'python3',
    'mkdir -p "$3/bin" && printf \'#!/bin/sh\\necho "$@" > "$DIRECTORY/calls"\\n\' > "$3/bin/pip" && chmod +x "$3/bin/pip"',
  );
  const tool = await pythonProgram('tool', '1.2.3')(place);
  expect(tool).toEqual({ path: join(place.folder, 'python-tool-1.2.3/bin/tool') });
  expect(await readFile(join(directory, 'calls'), 'utf8')).toMatch(/^install .*tool==1\.2\.3\n$/);
});

describe('a program of Debian', () => {
  it('is taken as it is installed', async () => {
    await standIn('some-tool', '');
    expect(await debianProgram('some-tool')(place)).toEqual({ path: 'some-tool' });
    expect(said).toEqual([]);
  });

  it('is missing where it cannot be installed', async () => {
    const without = { ...place, environment: { PATH: join(directory, 'bin') } };
    expect(await debianProgram('some-tool')(without)).toEqual({ missing: 'some-tool is not installed' });
  });
});
