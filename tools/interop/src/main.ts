import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { ALL_CASES } from './cases/all.ts';
import { describeCase } from './interop-case.ts';
import { runCase, toolsFor, type Result } from './matrix.ts';
import { Toolbox } from './tools/toolbox.ts';
import { Workbench } from './workbench.ts';

interface Options {
  readonly all?: boolean;
  readonly only?: string;
  readonly tools: string;
}

const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
const program = new Command('interop')
  .description(
    'Signs and verifies with the clients of others, against a stack of its own. What is missing of them is installed first.',
  )
  .option('--all', 'the long list')
  .option('--only <text>', 'cases whose line has this in it')
  .option('--tools <folder>', 'where clients are installed, and found again', join(cache, 'sigstead-interop'))
  .addHelpText(
    'after',
    `
Without Go, Python or docker-registry, what needs them is skipped; with CI=true it fails.`,
  )
  .parse();
const options = program.opts<Options>();
const whenMissing = process.env['CI'] === 'true' ? 'failed' : 'skipped';
const print = (line: string) => void process.stdout.write(`${line}\n`);
const say = (text: string) => void process.stderr.write(`interop: ${text}\n`);

const cases = ALL_CASES.filter((each) => options.all || !each.long)
  .map((each) => ({
    ...each,
    verifiers: each.verifiers.filter((verifier) => describeCase(each, verifier).includes(options.only ?? '')),
  }))
  .filter(({ verifiers }) => verifiers.length > 0);
const needed = new Set(
  cases.flatMap((each) => each.verifiers.flatMap((verifier) => toolsFor(each, verifier))),
);
const toolbox = await Toolbox.fill(needed, { folder: resolve(options.tools), environment: process.env, say });
say('starting a stack');
const bench = await Workbench.open(toolbox);
const counts = { passed: 0, failed: 0, skipped: 0 };
// Else stack and registry would outlive this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void bench.close().finally(() => process.exit(130)));
try {
  for (const [index, each] of cases.entries()) {
    for (const result of await runCase(each, `case-${index + 1}`, bench, toolbox)) report(result);
  }
} finally {
  await bench.close();
}
print(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;

function report(result: Result): void {
  const outcome = result.outcome === 'missing' ? whenMissing : result.outcome;
  counts[outcome] += 1;
  print(`${outcome.padEnd(7)} ${result.description}`);
  if (result.outcome !== 'passed') print(`        ${result.reason.replaceAll('\n', '\n        ')}`);
}
