import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execute, type Executed } from '../execute.ts';

export type Tool =
  /** A program, or for packages of npm the folder they are in. */
  { readonly path: string } | { readonly missing: string };

/** Where installing happens. */
export interface Place {
  /** Whatever is not the machine's own is installed below it. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Told what takes a while. */
  say(text: string): void;
}

/** Gives a tool, and installs it first where it is not there yet. */
export type Recipe = (place: Place) => Promise<Tool>;

const MINUTES = 60_000;

/** A program built from a module of Go at a version. */
export function goProgram(name: string, module: string, version: string): Recipe {
  return async (place) => {
    const home = join(place.folder, `${name}-${version}`);
    const build = async () => {
      if (!(await onPath(place, 'go'))) return 'Go is not installed';
      place.say(`building ${name} ${version} (minutes, once)`);
      return failureOf(
        await run(place, ['go', 'install', `${module}@${version}`], 40 * MINUTES, {
          GOBIN: home,
          GOFLAGS: '',
        }),
      );
    };
    return installed(home, join(home, name), build);
  };
}

/** Packages of npm at exact versions, in a folder of their own: they are no part of this workspace. */
export function npmPackages(packages: Readonly<Record<string, string>>): Recipe {
  return async (place) => {
    const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
    const home = join(place.folder, `npm-${wanted.join('+').replaceAll(/[@/]+/g, '-')}`);
    const install = async () => {
      place.say(`installing ${wanted.join(', ')}`);
      await writeFile(join(home, 'package.json'), '{ "private": true }\n');
      // The engines they ask for are newer than those they run on.
      const options = ['--prefix', home, '--save-exact', '--ignore-scripts', '--engine-strict=false'];
      return failureOf(await run(place, ['npm', 'install', ...options, ...wanted], 10 * MINUTES));
    };
    return installed(home, home, install);
  };
}

/** A program from a package of PyPI, in an environment of its own. */
export function pythonProgram(name: string, version: string): Recipe {
  return async (place) => {
    const home = join(place.folder, `python-${name}-${version}`);
    const install = async () => {
      if (!(await onPath(place, 'python3'))) return 'Python is not installed';
      place.say(`installing ${name} ${version} for Python`);
      const made = await run(place, ['python3', '-m', 'venv', home], 5 * MINUTES);
      if (!made.ok) return failureOf(made);
      const pip = join(home, 'bin/pip');
      const options = ['--quiet', '--disable-pip-version-check'];
      return failureOf(await run(place, [pip, 'install', ...options, `${name}==${version}`], 10 * MINUTES));
    };
    return installed(home, join(home, 'bin', name), install);
  };
}

/** A program as Debian packages it, whatever version that is. */
export function debianProgram(name: string): Recipe {
  return async (place) => {
    if (await onPath(place, name)) return { path: name };
    if (process.getuid?.() !== 0 || !(await onPath(place, 'apt-get')))
      return { missing: `${name} is not installed` };
    place.say(`installing ${name} from Debian`);
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    await run(place, ['apt-get', 'update', '-qq'], 10 * MINUTES, quiet);
    const done = await run(
      place,
      ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', name],
      10 * MINUTES,
      quiet,
    );
    return done.ok ? { path: name } : { missing: `${name} cannot be installed: ${lastLines(done)}` };
  };
}

/** Whatever an interrupted installation left behind is thrown away: only a finished one has the mark. */
async function installed(
  home: string,
  path: string,
  install: () => Promise<string | undefined>,
): Promise<Tool> {
  const mark = join(home, '.installed');
  if (await exists(mark)) return { path };
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  const failure = await install();
  if (failure !== undefined) return { missing: failure };
  await writeFile(mark, '');
  return { path };
}

function run(
  { environment }: Place,
  command: readonly [string, ...string[]],
  timeoutMs: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Executed> {
  return execute(command, {
    environment: { ...environment, ...more },
    directory: tmpdir(),
    timeoutMs,
  });
}

function failureOf(done: Executed): string | undefined {
  return done.ok ? undefined : lastLines(done);
}

function lastLines({ said }: Executed): string {
  return said.split('\n').slice(-3).join(' | ');
}

async function onPath({ environment }: Place, name: string): Promise<boolean> {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(Boolean);
  const found = await Promise.all(folders.map((folder) => exists(join(folder, name))));
  return found.includes(true);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
