import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { readCases } from './cases.ts';
import { runCases } from './run-cases.ts';

const PROGRAM = resolve(import.meta.dirname, '../../sigstead-conformance');
const vectors =
  process.env['SIGSTEAD_VECTORS'] || resolve(import.meta.dirname, '../../../../../shared/vectors');
const folder = join(resolve(vectors), 'sigstore-conformance/bundle-verify');
const print = (line: string) => void process.stdout.write(`${line}\n`);

if (existsSync(folder)) {
  const cases = readCases(folder);
  const failures = await runCases(PROGRAM, cases, availableParallelism());
  for (const { id, reason } of failures) print(`FAILED ${id}: ${reason}`);
  print(`${cases.length - failures.length} passed, ${failures.length} failed`);
  if (failures.length > 0 || cases.length === 0) process.exitCode = 1;
} else {
  print(`skipped: there are no cases in ${folder} (SIGSTEAD_VECTORS)`);
}
