import { randomBytes } from 'node:crypto';
import { access, rename, rm, writeFile } from 'node:fs/promises';
import type { PrivateKeySigner } from '@sigstead/crypto';
import { sealManagedKey } from '@sigstead/managed-key';
import { CliError, exitCodes } from '../cli-error.ts';
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

/** The file appears whole, and with its mode from the first byte on. */
async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, content, { mode, flag: 'wx' });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new CliError(`${path} cannot be written`, exitCodes.failed, { cause });
  }
}
