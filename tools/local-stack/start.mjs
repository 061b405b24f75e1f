#!/usr/bin/env node
// `npm start`: builds when a source is newer than the last build, then runs the local stack in this very process,
// so that one Ctrl-C reaches one process.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const stamp = join(import.meta.dirname, 'dist/.build-stamp');

/** Time of the last build, 0 when there is none. */
function builtAt() {
  return statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestSource() {
  let newest = statSync(join(root, 'tsconfig.base.json')).mtimeMs;
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else newest = Math.max(newest, statSync(path).mtimeMs);
    }
  };
  for (const group of ['apps', 'libs', 'tools']) {
    for (const project of readdirSync(join(root, group))) {
      const source = join(root, group, project, 'src');
      if (existsSync(source)) visit(source);
    }
  }
  return newest;
}

if (builtAt() < newestSource()) {
  const startedAt = new Date();
  process.stderr.write('building (once per change) ...\n');
  const tsc = createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  const { status } = spawnSync(
    process.execPath,
    [tsc, '--build', 'tools/local-stack', 'tools/cli', 'tools/fsck'],
    {
      cwd: root,
      stdio: ['ignore', process.stderr, process.stderr],
    },
  );
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, startedAt.toISOString());
  process.stderr.write(`built in ${Math.round((Date.now() - startedAt.getTime()) / 1000)} s\n`);
}
process.removeAllListeners('warning');
await import('./dist/main.js');
