import { chmod, chown, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeHex } from '@sigstead/encoding';
import { performCeremony, type Ceremony, type CeremonyEnvironment, type CeremonyPlan } from './ceremony.ts';
import { parseCeremony, serializeCeremony } from './ceremony-record.ts';

export class CeremonyError extends Error {
  override readonly name = 'CeremonyError';
}

/** File modes: private to the service's account, or readable by all. */
const SECRET = 0o600;
const PUBLIC = 0o644;

export interface WriteOptions {
  /** Account that the services run as, when it is not ours. */
  readonly owner?: { uid: number; gid: number };
  /** Further secrets to make at random, by path: database passwords. */
  readonly randomSecrets?: readonly string[];
}

/** The ceremony of this folder, or undefined when there was none (or it was cut short). */
export async function readCeremony(directory: string): Promise<Ceremony | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, 'ceremony.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return parseCeremony(text);
  } catch (cause) {
    throw new CeremonyError(`${join(directory, 'ceremony.json')} is not a ceremony record`, { cause });
  }
}

/**
 * Makes keys and certificates and writes one folder per service, each with nothing but its own secrets:
 * `certificate-authority/`, `transparency-log/`, the root's key in `root/` (no service reads it: take it offline), and
 * `ceremony.json` last. A crash on the way leaves no
 * `ceremony.json`, and the next run starts over; with one in place nothing is ever overwritten.
 *
 * @throws CeremonyError when the folder has a ceremony already
 */
export async function writeCeremony(
  directory: string,
  plan: CeremonyPlan,
  environment: CeremonyEnvironment,
  options: WriteOptions = {},
): Promise<Ceremony> {
  if ((await readCeremony(directory)) !== undefined) {
    throw new CeremonyError(`${directory} has a ceremony already; keys are never overwritten`);
  }
  const { ceremony, keys, rootKey } = await performCeremony(plan, environment);
  const secret = () => encodeHex(environment.randomBytes(24));
  const rootPassphrase = secret();
  const caPassphrase = secret();
  const logPassphrase = secret();
  const chain = ceremony.caChain.map((certificate) => certificate.toPem());
  const logs = [
    {
      kind: 'rekor-v1',
      treeId: ceremony.rekorTreeId,
      host: ceremony.logHost,
      keyFile: 'rekor.key.pem',
      passphraseFile: 'passphrase',
    },
    {
      kind: 'ct',
      shard: ceremony.ctShard,
      keyFile: 'ct.key.pem',
      passphraseFile: 'passphrase',
      rootsFile: 'ct-roots.pem',
      extendedKeyUsages: ['1.3.6.1.5.5.7.3.3'],
    },
  ];
  const files: readonly (readonly [path: string, mode: number, content: string])[] = [
    ['root/root.key.pem', SECRET, rootKey.toEncryptedPem(rootPassphrase)],
    ['root/passphrase', SECRET, `${rootPassphrase}\n`],
    ['certificate-authority/ca.key.pem', SECRET, keys.ca.toEncryptedPem(caPassphrase)],
    ['certificate-authority/passphrase', SECRET, `${caPassphrase}\n`],
    ['certificate-authority/chain.pem', PUBLIC, chain.join('')],
    ['certificate-authority/ct.pub.pem', PUBLIC, ceremony.ctPublicKeyPem],
    ['transparency-log/rekor.key.pem', SECRET, keys.rekor.toEncryptedPem(logPassphrase)],
    ['transparency-log/ct.key.pem', SECRET, keys.ct.toEncryptedPem(logPassphrase)],
    ['transparency-log/passphrase', SECRET, `${logPassphrase}\n`],
    ['transparency-log/ct-roots.pem', PUBLIC, chain.at(-1) as string],
    ['transparency-log/logs.json', PUBLIC, `${JSON.stringify(logs, null, 2)}\n`],
    ...(options.randomSecrets ?? []).map((path) => [path, SECRET, `${secret()}\n`] as const),
    ['ceremony.json', PUBLIC, serializeCeremony(ceremony)],
  ];
  for (const [path, mode, content] of files)
    await writeDurably(join(directory, path), content, mode, options.owner);
  return ceremony;
}

/** Writes beside, flushes, renames: the file is whole or absent, whatever happens. */
export async function writeDurably(
  path: string,
  content: string,
  mode: number = PUBLIC,
  owner?: { uid: number; gid: number },
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const staged = `${path}.new`;
  await rm(staged, { force: true });
  const file = await open(staged, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(staged, mode);
  if (owner !== undefined) await chown(staged, owner.uid, owner.gid);
  await rename(staged, path);
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
