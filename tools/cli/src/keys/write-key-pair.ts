import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { PrivateKeySigner } from '@sigstead/crypto';
import { sealManagedKey } from '@sigstead/managed-key';
import { CliError, exitCodes } from '../cli-error.ts';
import { replaceFile } from '../replace-file.ts';
import { readPassword, type PasswordOptions, type PasswordSources } from './password.ts';

export interface KeyPairOptions extends PasswordOptions {
  readonly outputKeyPrefix: string;
  /** Overwrites what is there. */
  readonly yes?: boolean;
}

/**
 * Writes `<prefix>.key`, encrypted, and `<prefix>.pub`. A key that is there already is not overwritten unasked: what it signed could
 * never be signed again.
 *
 * @param signer made only once the password is known
 * @throws CliError
 */
export async function writeKeyPair(
  signer: () => PrivateKeySigner,
  options: KeyPairOptions,
  sources: PasswordSources,
): Promise<void> {
  const [privatePath, publicPath] = [`${options.outputKeyPrefix}.key`, `${options.outputKeyPrefix}.pub`];
  if (options.yes !== true && (await isThere(privatePath))) {
    throw new CliError(`${privatePath} is there already; --yes overwrites it`, exitCodes.usage);
  }
  const password = await readPassword(options, { confirm: true }, sources);
  try {
    const key = signer();
    await replaceFile(privatePath, await sealManagedKey(key, password, randomBytes), 0o600);
    await replaceFile(publicPath, key.publicKey.toPem(), 0o644);
  } finally {
    password.fill(0);
  }
  sources.output.write(`Private key written to ${privatePath}\nPublic key written to ${publicPath}\n`);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
