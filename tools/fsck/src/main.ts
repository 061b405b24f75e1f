import { runFsck } from './command.ts';

process.exitCode = await runFsck(process.argv.slice(2), {
  result: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
});
