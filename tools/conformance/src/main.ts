import { runCommand } from './run-command.ts';

process.exitCode = await runCommand(
  process.argv.slice(2),
  new Date(),
  (line) => void process.stderr.write(`${line}\n`),
);
