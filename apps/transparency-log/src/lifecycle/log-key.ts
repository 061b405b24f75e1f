import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';
import { readSecret } from '@sigstead/server';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { LogError, messageOf } from '../errors.ts';

export interface KeyFiles {
  /** PKCS#8 PEM, encrypted; made with a new key when there is no such file. */
  readonly keyFile: string;
  readonly passphraseFile: string;
}

/**
 * The key in the file, or a new one that is put there.
 *
 * @param type of a new one
 * @throws LogError CONFIGURATION
 */
export function openOrMakeKey({ keyFile, passphraseFile }: KeyFiles, type: KeyType): PrivateKeySigner {
  try {
    const passphrase = readSecret(passphraseFile);
    try {
      writeFileSync(keyFile, PrivateKeySigner.generate(type).toEncryptedPem(passphrase), {
        flag: 'wx',
        mode: 0o600,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return PrivateKeySigner.fromPem(readFileSync(keyFile, 'utf8'), passphrase);
  } catch (cause) {
    throw new LogError('CONFIGURATION', `the key of the log: ${messageOf(cause)}`, { cause });
  }
}

/** As LOGS_FILE has them. */
export function relativeTo<T extends KeyFiles>(logsFile: string, files: T): T {
  return {
    ...files,
    keyFile: relativePath(logsFile, files.keyFile),
    passphraseFile: relativePath(logsFile, files.passphraseFile),
  };
}

export function relativePath(logsFile: string, path: string): string {
  return relative(dirname(resolve(logsFile)), resolve(path));
}

/** A path as LOGS_FILE has it, as this process needs it. */
export function absolutePath(logsFile: string, path: unknown): string {
  return resolve(dirname(logsFile), String(path));
}
