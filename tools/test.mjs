#!/usr/bin/env node
// `npm test`: lint and every project's tests, then one line of counts.
// `npm run test:e2e` (`--e2e`): the end-to-end tests, on built code. `npm run test:slow` (`--slow`): the tests that take minutes each.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const require = createRequire(join(root, 'package.json'));
const summaries = join(root, '.jest-summary');

/** The script behind a command of an installed package. */
function program(name, command) {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  return join(dirname(manifest), bin[command]);
}

function run(title, [name, command], args, environment = {}) {
  process.stdout.write(`\n> ${title}\n`);
  const startedAt = Date.now();
  const { status } = spawnSync(process.execPath, [program(name, command), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  process.stdout.write(
    `> ${title}: ${status === 0 ? 'ok' : 'FAILED'}, ${Math.round((Date.now() - startedAt) / 1000)} s\n`,
  );
  return status === 0;
}

rmSync(summaries, { recursive: true, force: true });
// Counts are of what ran now: a result from the cache would leave none behind.
const nx = { NX_SKIP_NX_CACHE: 'true', NX_TUI: 'false' };
const steps = {
  build: () => run('build', ['typescript', 'tsc'], ['--build']),
  // One run over everything: the rules are the same everywhere, and the project graph is read once. Without a graph that was made
  // before, the rule of the module boundaries is skipped.
  lint: () =>
    run('project graph', ['nx', 'nx'], ['show', 'projects'], nx) && run('lint', ['eslint', 'eslint'], ['.']),
  unit: () =>
    run(
      'unit, law and vector tests',
      ['nx', 'nx'],
      ['run-many', '-t', 'test', '--parallel=2', '--outputStyle=static'],
      nx,
    ),
  e2e: () => run('end-to-end tests', ['nx', 'nx'], ['run', '@sigstead/e2e:e2e', '--outputStyle=static'], nx),
  slow: () =>
    run(
      'slow tests',
      ['nx', 'nx'],
      [
        'run-many',
        '-t',
        'test',
        '-p',
        '@sigstead/transparency-log,@sigstead/verification',
        '--parallel=1',
        '--outputStyle=static',
      ],
      { ...nx, SIGSTEAD_TESTS: 'slow' },
    ),
};
const wanted = { '--e2e': ['build', 'e2e'], '--slow': ['build', 'slow'] }[process.argv[2]] ?? [
  'build',
  'lint',
  'unit',
];
const results = wanted.map((step) => steps[step]());

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
for (const file of existsSync(summaries) ? readdirSync(summaries) : []) {
  const counts = JSON.parse(readFileSync(join(summaries, file), 'utf8'));
  for (const key of Object.keys(total)) total[key] += counts[key];
  failures.push(...counts.failures);
}
const ok = results.every(Boolean);
if (!ok && total.failed === 0) total.failed = 1;
// Among the output of all projects they are hard to find.
if (failures.length > 0)
  process.stdout.write(`\n${failures.map((failure) => `FAILED ${failure}\n`).join('')}`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exit(ok && total.failed === 0 ? 0 : 1);
