import { Command, InvalidArgumentError } from 'commander';
import type { Benchmark, BenchmarkOptions } from './benchmark.ts';
import { benchmarkCertificates } from './certificates.ts';
import { benchmarkCli } from './cli.ts';
import { benchmarkCt } from './ct.ts';
import { benchmarkEngine } from './engine.ts';
import { benchmarkGrowth } from './growth.ts';
import { benchmarkKeyShift } from './key-shift.ts';
import { benchmarkLogV2 } from './log-v2.ts';
import { benchmarkLog } from './log.ts';
import { benchmarkSigning } from './signing.ts';
import { benchmarkTiles } from './tiles.ts';
import { benchmarkVerification } from './verification.ts';
import { benchmarkVerifier } from './verifier.ts';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  certificates: benchmarkCertificates,
  log: benchmarkLog,
  'log-v2': benchmarkLogV2,
  ct: benchmarkCt,
  tiles: benchmarkTiles,
  engine: benchmarkEngine,
  growth: benchmarkGrowth,
  'key-shift': benchmarkKeyShift,
  signing: benchmarkSigning,
  verification: benchmarkVerification,
  verifier: benchmarkVerifier,
  cli: benchmarkCli,
};

const program = new Command('bench')
  .description(
    'Measures the built services, all on this machine. Compare figures of one run with each other only.',
  )
  .argument('[names...]', `any of: ${Object.keys(BENCHMARKS).join(', ')}; all unless told`)
  .option('--seconds <n>', 'length of each load', positive, 10)
  .option('--entries <n>', 'growth: what the log grows to', positive, 100_000)
  .option('--cases <n>', 'key-shift: signatures over all curves', positive, 3_000)
  .option(
    '--sigstore-verify <folder>',
    'verification: where @sigstore/verify is; installed into a cache unless told',
  )
  .parse();

const names = program.args.length > 0 ? program.args : Object.keys(BENCHMARKS);
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) program.error(`bench: there is no ${unknown.join(', ')}`, { exitCode: 2 });
const print = (line: string) => void process.stdout.write(`${line}\n`);
const options: BenchmarkOptions = { ...program.opts<Omit<BenchmarkOptions, 'print'>>(), print };
for (const name of names) {
  print(`\n${name}\n`);
  await BENCHMARKS[name]?.(options);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('want a number above 0');
  return value;
}
