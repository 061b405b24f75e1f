import { open } from 'node:fs/promises';
import type { PrivateKeySigner } from '@sigstead/crypto';
import { ManagedKeyError, MAX_KEY_FILE_BYTES, openManagedKey } from '@sigstead/managed-key';
import { CliError, exitCodes } from '../cli-error.ts';
import { readPassword, type PasswordOptions, type PasswordSources } from './password.ts';

const ENVIRONMENT = 'env://';

/**
 * The signer behind `--key`: a key file of ours or of cosign's, or `env://NAME` with such a file in a variable.
 *
 * @throws CliError
 */
export async function openKey(
  reference: string,
  options: PasswordOptions,
  sources: PasswordSources,
): Promise<PrivateKeySigner> {
  const file = await readKey(reference, sources.environment);
  const password = await readPassword(options, { confirm: false }, sources);
  try {
    return await explainedKey(reference, () => openManagedKey(file, password));
  } finally {
    password.fill(0);
  }
}

/** @throws CliError for a reference that is neither, or cannot be read */
export async function readKey(reference: string, environment: NodeJS.ProcessEnv): Promise<Uint8Array> {
  if (reference.startsWith(ENVIRONMENT)) {
    const value = environment[reference.slice(ENVIRONMENT.length)];
    if (value !== undefined) return new TextEncoder().encode(value);
    throw new CliError(`--key ${JSON.stringify(reference)}: there is no such variable`, exitCodes.usage);
  }
  if (/^[a-z0-9+.-]+:\/\/|^pkcs11:/i.test(reference)) {
    throw new CliError(`--key ${JSON.stringify(reference)}: want a file, or env://NAME`, exitCodes.usage);
  }
  try {
    const file = await open(reference);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(MAX_KEY_FILE_BYTES + 1));
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CliError(`the key file ${reference} cannot be read`, exitCodes.usage, { cause });
  }
}

/** @throws CliError for what a key file is refused for */
export async function explainedKey<T>(reference: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (!(cause instanceof ManagedKeyError)) throw cause;
    throw new CliError(`--key ${JSON.stringify(reference)}: ${cause.message}`, exitCodes.failed, { cause });
  }
}
