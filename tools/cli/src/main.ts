import { readFileSync } from 'node:fs';
import { CliError, exitCodes } from './cli-error.ts';
import { withoutSwitchValues } from './go-switches.ts';
import { watchOutput } from './output.ts';
import { createProgram } from './program.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

watchOutput(process.stdout, (reason) => {
  process.stderr.write(`Error: ${reason}\n`);
  process.exit(exitCodes.failed);
});
// Nobody is left to be told.
watchOutput(process.stderr, () => undefined);

try {
  const program = createProgram(version, process.env);
  await program.parseAsync(withoutSwitchValues(process.argv, program));
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`Error: ${error.message}\n`);
    return error.exitCode;
  }
  // commander has printed its own message, or the help that was asked for.
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  if (typeof code === 'string' && code.startsWith('commander.')) return exitCode === 0 ? 0 : exitCodes.usage;
  process.stderr.write(`Error: ${error instanceof Error ? error.message : 'unknown failure'}\n`);
  return exitCodes.failed;
}
