import { Command, Option } from 'commander';
import type { GenerateKeyPairOptions, ImportKeyPairOptions, PublicKeyOptions } from '../keys/key-commands.ts';

const PASSWORD = `
The password comes from --password-file, SIGSTEAD_PASSWORD or COSIGN_PASSWORD, else it is asked for or read from standard input.`;

/** Those of `@sigstead/managed-key`, which is not loaded to print them. */
export const SIGNING_ALGORITHMS: readonly string[] = [
  'ecdsa-sha2-256-nistp256',
  'ecdsa-sha2-384-nistp384',
  'ecdsa-sha2-512-nistp521',
  'ed25519',
  'ed25519-ph',
  'rsa-sign-pkcs1-2048-sha256',
  'rsa-sign-pkcs1-3072-sha256',
  'rsa-sign-pkcs1-4096-sha256',
];

/** How the password of a key is given. */
export function addPasswordOption(command: Command): Command {
  return command.option(
    '--password-file <file>',
    'password of the private key (or set SIGSTEAD_PASSWORD or COSIGN_PASSWORD)',
  );
}

export function generateKeyPairCommand(): Command {
  return addPasswordOption(new Command('generate-key-pair'))
    .description('Makes a key pair to sign with; the private key is encrypted, and cosign reads it.')
    .option('--output-key-prefix <prefix>', 'name of the .key and .pub files', 'sigstead')
    .addOption(
      new Option('--signing-algorithm <name>', "algorithm, by Sigstore's name")
        .choices(SIGNING_ALGORITHMS)
        .default('ecdsa-sha2-256-nistp256'),
    )
    .option('-y, --yes', 'overwrites a key that is there')
    .addHelpText(
      'after',
      `${PASSWORD}\n\nExample:\n  $ npx sigstead generate-key-pair --output-key-prefix cosign`,
    )
    .action(async (options: GenerateKeyPairOptions) => {
      const { generateKeyPair } = await import('../keys/key-commands.ts');
      await generateKeyPair(options);
    });
}

export function importKeyPairCommand(): Command {
  return addPasswordOption(new Command('import-key-pair'))
    .description('Encrypts a private key that another program made: PKCS#8, SEC 1 or PKCS#1 in PEM.')
    .requiredOption('-k, --key <file>', 'private key in the clear, or env://NAME')
    .option('-o, --output-key-prefix <prefix>', 'name of the .key and .pub files', 'import-sigstead')
    .option('-y, --yes', 'overwrites a key that is there')
    .addHelpText('after', PASSWORD)
    .action(async (options: ImportKeyPairOptions) => {
      const { importKeyPair } = await import('../keys/key-commands.ts');
      await importKeyPair(options);
    });
}

export function publicKeyCommand(): Command {
  return addPasswordOption(new Command('public-key'))
    .description('Prints the public key of a key pair.')
    .requiredOption('--key <file>', "key file of ours or of cosign's, or env://NAME")
    .option('--outfile <file>', 'writes it to a file')
    .addHelpText('after', PASSWORD)
    .action(async (options: PublicKeyOptions) => {
      const { printPublicKey } = await import('../keys/key-commands.ts');
      await printPublicKey(options);
    });
}
