import { writeFile } from 'node:fs/promises';
import { generateKey, importPrivateKey, signingAlgorithms } from '@sigstead/managed-key';
import { CliError, exitCodes } from '../cli-error.ts';
import { explainedKey, openKey, readKey } from './open-key.ts';
import { processPasswordSources, type PasswordOptions } from './password.ts';
import { writeKeyPair, type KeyPairOptions } from './write-key-pair.ts';

export interface GenerateKeyPairOptions extends KeyPairOptions {
  readonly signingAlgorithm: string;
}

export async function generateKeyPair(options: GenerateKeyPairOptions): Promise<void> {
  const algorithm = signingAlgorithms.find((known) => known === options.signingAlgorithm);
  if (algorithm === undefined) {
    const shown = JSON.stringify(options.signingAlgorithm);
    throw new CliError(
      `--signing-algorithm ${shown}, want one of ${signingAlgorithms.join(', ')}`,
      exitCodes.usage,
    );
  }
  await writeKeyPair(() => generateKey(algorithm), options, processPasswordSources());
}

export interface ImportKeyPairOptions extends KeyPairOptions {
  readonly key: string;
}

export async function importKeyPair(options: ImportKeyPairOptions): Promise<void> {
  const sources = processPasswordSources();
  const file = await readKey(options.key, sources.environment);
  const signer = await explainedKey(options.key, () => importPrivateKey(file));
  file.fill(0);
  await writeKeyPair(() => signer, options, sources);
}

export interface PublicKeyOptions extends PasswordOptions {
  readonly key: string;
  readonly outfile?: string;
}

export async function printPublicKey(options: PublicKeyOptions): Promise<void> {
  const { publicKey } = await openKey(options.key, options, processPasswordSources());
  if (options.outfile === undefined) {
    process.stdout.write(publicKey.toPem());
    return;
  }
  try {
    await writeFile(options.outfile, publicKey.toPem());
  } catch (cause) {
    throw new CliError(`${options.outfile} cannot be written`, exitCodes.failed, { cause });
  }
  process.stderr.write(`Public key written to ${options.outfile}\n`);
}
