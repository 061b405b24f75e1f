import { Command, InvalidArgumentError } from 'commander';
import type { Benchmark } from './benchmark.ts';
import { benchmarkCertificates } from './certificates.ts';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  certificates: benchmarkCertificates,
};

const program = new Command('bench')
  .description(
    'Measures the built services, all on this machine. Compare figures of one run with each other only.',
  )
  .argument('[names...]', `any of: ${Object.keys(BENCHMARKS).join(', ')}; all unless told`)
  .option('--seconds <n>', 'length of each load', positive, 10)
  .parse();

const names = program.args.length > 0 ? program.args : Object.keys(BENCHMARKS);
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) program.error(`bench: there is no ${unknown.join(', ')}`, { exitCode: 2 });
const print = (line: string) => void process.stdout.write(`${line}\n`);
for (const name of names) {
  print(`\n${name}\n`);
  await BENCHMARKS[name]?.({ seconds: program.opts<{ seconds: number }>().seconds, print });
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('want a number above 0');
  return value;
}
