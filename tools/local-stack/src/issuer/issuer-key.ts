import { generateKeyPairSync } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivateKeySigner } from '@sigstead/crypto';

/** OpenID Connect's default and the only algorithm cosign recognises in a token given inline. */
export const TOKEN_ALGORITHM = 'RS256';

/**
 * The issuer's RSA key: read when it is there, else made once. The file appears whole or not at all, so two processes that
 * start together end with the same key.
 */
export async function openIssuerKey(directory: string, name: string): Promise<PrivateKeySigner> {
  const path = join(directory, `${name}.pem`);
  return (await readKey(path)) ?? (await createKey(directory, path));
}

async function readKey(path: string): Promise<PrivateKeySigner | undefined> {
  try {
    return PrivateKeySigner.fromPem(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function createKey(directory: string, path: string): Promise<PrivateKeySigner> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65537 });
  await writeFile(draft, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  // The mode of writeFile is subject to the umask and ignored for a draft left by a crash.
  await chmod(draft, 0o600);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const key = await readKey(path);
  if (key === undefined) throw new Error(`issuer key ${path} vanished while it was being made`);
  return key;
}
