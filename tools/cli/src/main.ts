import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { CliError, exitCodes } from './cli-error.ts';
import { envCommand } from './env.ts';
import { issuerCommand } from './issuer/issuer.ts';
import { watchOutput } from './output.ts';
import { revokeCommand } from './revoke.ts';
import { signCommand } from './sign.ts';
import { tokenCommand } from './token.ts';
import { verifyCommand } from './verify.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('sigstead')
  .version(version)
  .description('Signs and verifies container images with a private Sigstore.')
  .option(
    '--url <url>',
    'base URL of the stack (or set SIGSTEAD_URL)',
    process.env['SIGSTEAD_URL'] || 'http://localhost:8080',
  )
  .addCommand(signCommand())
  .addCommand(verifyCommand())
  .addCommand(tokenCommand())
  .addCommand(envCommand())
  .addCommand(issuerCommand())
  .addCommand(revokeCommand())
  .showHelpAfterError('(run with --help for what it takes)')
  .exitOverride()
  .addHelpText(
    'after',
    `
First steps, beside a running stack (npm start):
  $ npx sigstead sign localhost:8080/sigstead/self-check:latest
  $ npx sigstead verify localhost:8080/sigstead/self-check:latest \\
      --certificate-identity-regexp '^https://github.com/sigstead-dev/' \\
      --certificate-oidc-issuer http://localhost:8080/issuers/github`,
  );
program.commands
  .flatMap((command) => [command, ...command.commands])
  .forEach((command) => command.exitOverride());

watchOutput(process.stdout, (reason) => {
  process.stderr.write(`Error: ${reason}\n`);
  process.exit(exitCodes.failed);
});
// Nobody is left to be told.
watchOutput(process.stderr, () => undefined);

try {
  await program.parseAsync();
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
