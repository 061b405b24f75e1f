import { chmod, chown, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import {
  makeRekorV2Log,
  makeTimestampAuthority,
  performCeremony,
  type Ceremony,
  type CeremonyEnvironment,
  type CeremonyPlan,
  type TimestampKeys,
} from './ceremony.ts';
import { parseCeremony, serializeCeremony, type KeptCeremony } from './ceremony-record.ts';
import {
  firstLogSettings,
  formatLogSettings,
  LOG_PASSPHRASE_FILE,
  LOGS_FILE,
  readLogSettings,
  readRekorV2Shards,
  rekorV2KeyFile,
  rekorV2Settings,
} from './log-settings.ts';

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

/**
 * The ceremony of this folder, or undefined when there was none (or it was cut short).
 *
 * @throws CeremonyError when the record is damaged
 */
export async function readCeremony(directory: string): Promise<KeptCeremony | undefined> {
  const path = join(directory, 'ceremony.json');
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return parseCeremony(text);
  } catch (cause) {
    throw new CeremonyError(`${path} is not a ceremony record`, { cause });
  }
}

/**
 * The ceremony of this folder: as it is kept, completed when an earlier version made it, performed when there was none.
 * Nothing that exists is ever overwritten.
 *
 * @throws CeremonyError when the record is damaged, or it cannot be completed
 */
export async function openCeremony(
  directory: string,
  plan: CeremonyPlan,
  environment: CeremonyEnvironment,
  options: WriteOptions = {},
): Promise<{ ceremony: Ceremony; outcome: 'made' | 'completed' | 'kept' }> {
  const known = await readCeremony(directory);
  if (known === undefined)
    return { ceremony: await writeCeremony(directory, plan, environment, options), outcome: 'made' };
  if (isComplete(known)) return { ceremony: known, outcome: 'kept' };
  return {
    ceremony: await completeCeremony(directory, known, plan, environment, options),
    outcome: 'completed',
  };
}

function isComplete(known: KeptCeremony): known is Ceremony {
  const { timestampChain, revocationPublicKeyPem, rekorV2Shards } = known;
  return [timestampChain, revocationPublicKeyPem, rekorV2Shards].every((part) => part !== undefined);
}

/**
 * Makes keys and certificates and writes one folder per service, each with nothing but its own secrets:
 * `certificate-authority/`, `timestamp-authority/`, `transparency-log/`, the keys of both roots in `root/` (no service
 * reads them: take them offline), and `ceremony.json` last. A crash on the way leaves no `ceremony.json`, and the next
 * run starts over.
 */
async function writeCeremony(
  directory: string,
  plan: CeremonyPlan,
  environment: CeremonyEnvironment,
  options: WriteOptions,
): Promise<Ceremony> {
  const { ceremony, keys } = await performCeremony(plan, environment);
  const secret = () => encodeHex(environment.randomBytes(24));
  const rootPassphrase = secret();
  const caPassphrase = secret();
  const logPassphrase = secret();
  await writeFiles(directory, options, [
    ['root/root.key.pem', SECRET, keys.root.toEncryptedPem(rootPassphrase)],
    ['root/passphrase', SECRET, `${rootPassphrase}\n`],
    ['certificate-authority/ca.key.pem', SECRET, keys.ca.toEncryptedPem(caPassphrase)],
    ['certificate-authority/passphrase', SECRET, `${caPassphrase}\n`],
    ['certificate-authority/chain.pem', PUBLIC, pemOf(ceremony.caChain)],
    ['certificate-authority/ct.pub.pem', PUBLIC, ceremony.ctPublicKeyPem],
    ['transparency-log/rekor.key.pem', SECRET, keys.rekor.toEncryptedPem(logPassphrase)],
    ['transparency-log/ct.key.pem', SECRET, keys.ct.toEncryptedPem(logPassphrase)],
    ...ceremony.rekorV2Shards.map((shard) => rekorV2KeyOf(shard.origin, keys.rekorV2, logPassphrase)),
    [LOG_PASSPHRASE_FILE, SECRET, `${logPassphrase}\n`],
    ['transparency-log/ct-roots.pem', PUBLIC, pemOf(ceremony.caChain.slice(-1))],
    [LOGS_FILE, PUBLIC, formatLogSettings(firstLogSettings(ceremony))],
    ...timestampFiles(keys, ceremony.timestampChain, secret),
    ...revocationFiles(keys.revocation, secret()),
    ...(options.randomSecrets ?? []).map((path) => [path, SECRET, `${secret()}\n`] as const),
    ['ceremony.json', PUBLIC, serializeCeremony(ceremony)],
  ]);
  return ceremony;
}

/** Adds what earlier versions did not make. The record comes last: a crash before it leaves files that the next run takes up or writes anew. */
async function completeCeremony(
  directory: string,
  known: KeptCeremony,
  plan: CeremonyPlan,
  environment: CeremonyEnvironment,
  options: WriteOptions,
): Promise<Ceremony> {
  const { timestampChain, revocationPublicKeyPem, rekorV2Shards } = known;
  const timestamping =
    timestampChain === undefined || revocationPublicKeyPem === undefined
      ? await addTimestampsAndRevocations(known, environment)
      : { made: { timestampChain, revocationPublicKeyPem }, files: [] };
  const rekorV2 =
    rekorV2Shards === undefined
      ? await addRekorV2Log(directory, known, plan, environment)
      : { made: { rekorV2Shards }, files: [] };
  const ceremony: Ceremony = { ...known, ...timestamping.made, ...rekorV2.made };
  const missingSecrets = [];
  for (const path of options.randomSecrets ?? []) {
    if ((await readIfThere(join(directory, path))) === undefined)
      missingSecrets.push([path, SECRET, `${encodeHex(environment.randomBytes(24))}\n`] as const);
  }
  await writeFiles(directory, options, [
    ...timestamping.files,
    ...rekorV2.files,
    ...missingSecrets,
    ['ceremony.json', PUBLIC, serializeCeremony(ceremony)],
  ]);
  return ceremony;
}

/** What completing adds to the ceremony, and the files of it. */
interface Addition<Part extends keyof Ceremony> {
  readonly made: Pick<Ceremony, Part>;
  readonly files: readonly NewFile[];
}

/** What 0.1 did not make. */
async function addTimestampsAndRevocations(
  { organization }: KeptCeremony,
  environment: CeremonyEnvironment,
): Promise<Addition<'timestampChain' | 'revocationPublicKeyPem'>> {
  const secret = () => encodeHex(environment.randomBytes(24));
  const { keys, chain } = await makeTimestampAuthority(organization, environment);
  const revocation = PrivateKeySigner.generate('P-256');
  return {
    made: { timestampChain: chain, revocationPublicKeyPem: revocation.publicKey.toPem() },
    files: [...timestampFiles(keys, chain, secret), ...revocationFiles(revocation, secret())],
  };
}

/** The Rekor v2 log that the service has been given already, by its operator or before a crash; else the first shard of one. */
async function addRekorV2Log(
  directory: string,
  { logHost }: KeptCeremony,
  { rekorV2KeyType }: CeremonyPlan,
  environment: CeremonyEnvironment,
): Promise<Addition<'rekorV2Shards'>> {
  const { key, shard } = makeRekorV2Log(logHost, rekorV2KeyType, environment);
  try {
    const settings = await readLogSettings(directory);
    const listed = await readRekorV2Shards(directory, settings, shard.validFor.start);
    if (listed.length > 0) return { made: { rekorV2Shards: listed }, files: [] };
    const passphrase = await readFile(join(directory, LOG_PASSPHRASE_FILE), 'utf8');
    return {
      made: { rekorV2Shards: [shard] },
      files: [
        rekorV2KeyOf(shard.origin, key, passphrase.trim()),
        [LOGS_FILE, PUBLIC, formatLogSettings([...settings, rekorV2Settings(shard)])],
      ],
    };
  } catch (cause) {
    throw new CeremonyError(
      `the Rekor v2 log cannot be added to ${join(directory, LOGS_FILE)}, which has to be there with the keys it names: ${(cause as Error).message}`,
      { cause },
    );
  }
}

type NewFile = readonly [path: string, mode: number, content: string];

function timestampFiles(
  keys: TimestampKeys,
  chain: readonly Certificate[],
  secret: () => string,
): readonly NewFile[] {
  const rootPassphrase = secret();
  const passphrase = secret();
  return [
    ['root/timestamp-root.key.pem', SECRET, keys.timestampRoot.toEncryptedPem(rootPassphrase)],
    ['root/timestamp-root.passphrase', SECRET, `${rootPassphrase}\n`],
    ['timestamp-authority/timestamp.key.pem', SECRET, keys.timestamp.toEncryptedPem(passphrase)],
    ['timestamp-authority/passphrase', SECRET, `${passphrase}\n`],
    ['timestamp-authority/chain.pem', PUBLIC, pemOf(chain)],
  ];
}

function revocationFiles(key: PrivateKeySigner, passphrase: string): readonly NewFile[] {
  return [
    ['certificate-authority/revocation.key.pem', SECRET, key.toEncryptedPem(passphrase)],
    ['certificate-authority/revocation.passphrase', SECRET, `${passphrase}\n`],
  ];
}

function rekorV2KeyOf(origin: string, key: PrivateKeySigner, passphrase: string): NewFile {
  return [join(dirname(LOGS_FILE), rekorV2KeyFile(origin)), SECRET, key.toEncryptedPem(passphrase)];
}

function pemOf(chain: readonly Certificate[]): string {
  return chain.map((certificate) => certificate.toPem()).join('');
}

async function writeFiles(
  directory: string,
  options: WriteOptions,
  files: readonly NewFile[],
): Promise<void> {
  for (const [path, mode, content] of files)
    await writeDurably(join(directory, path), content, mode, options.owner);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
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
