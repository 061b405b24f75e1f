import { Command } from 'commander';
import { attestBlobCommand, attestCommand } from './commands/attest.ts';
import { cleanCommand, copyCommand, generateCommand } from './commands/beside-image.ts';
import { completionCommand } from './commands/completion.ts';
import { envCommand } from './commands/env.ts';
import { explainCommand } from './commands/explain.ts';
import { issuerCommand } from './commands/issuer.ts';
import { generateKeyPairCommand, importKeyPairCommand, publicKeyCommand } from './commands/keys.ts';
import { loginCommand } from './commands/login.ts';
import { revokeCommand } from './commands/revoke.ts';
import { signBlobCommand } from './commands/sign-blob.ts';
import { signCommand } from './commands/sign.ts';
import { downloadCommand, treeCommand, triangulateCommand } from './commands/stored.ts';
import { tokenCommand } from './commands/token.ts';
import { verifyBlobAttestationCommand, verifyBlobCommand } from './commands/verify-blob.ts';
import { verifyAttestationCommand, verifyCommand } from './commands/verify.ts';

/**
 * Every command, with its options and its help. Whoever asks for help waits for what is imported here: a definition says
 * what its command takes, and imports what does the work when it is run (start-up.spec.ts).
 */
export function createProgram(version: string, environment: NodeJS.ProcessEnv): Command {
  const program = new Command('sigstead')
    .version(version)
    .description('Signs and verifies container images, files and attestations with a private Sigstore.')
    .option(
      '--url <url>',
      'base URL of the stack (or set SIGSTEAD_URL)',
      environment['SIGSTEAD_URL'] || 'http://localhost:8080',
    )
    .addCommand(signCommand())
    .addCommand(signBlobCommand())
    .addCommand(attestCommand())
    .addCommand(attestBlobCommand())
    .addCommand(verifyCommand(environment))
    .addCommand(verifyAttestationCommand(environment))
    .addCommand(verifyBlobCommand(environment))
    .addCommand(verifyBlobAttestationCommand(environment))
    .addCommand(explainCommand(environment))
    .addCommand(treeCommand(environment))
    .addCommand(downloadCommand(environment))
    .addCommand(triangulateCommand(environment))
    .addCommand(copyCommand())
    .addCommand(cleanCommand())
    .addCommand(generateCommand())
    .addCommand(loginCommand())
    .addCommand(tokenCommand())
    .addCommand(generateKeyPairCommand())
    .addCommand(importKeyPairCommand())
    .addCommand(publicKeyCommand())
    .addCommand(envCommand(environment))
    .addCommand(issuerCommand())
    .addCommand(revokeCommand())
    .addCommand(completionCommand())
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
  return program;
}
