import { randomUUID } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { completeInstallation, nativeDirectory } from './binaries.ts';
import { PostgresError } from './errors.ts';

/** Where a cluster's files lie and as whom its server runs. */
export interface Placement {
  readonly native: string;
  /** The cluster; its parent folder can be entered by the server's account. */
  readonly data: string;
  /** Set when we are root: PostgreSQL refuses to run as root. */
  readonly user: { uid: number; gid: number } | undefined;
}

const RELOCATION_ROOT = '/var/lib/sigstead';
const RELOCATION_ID = /^[0-9a-f-]{36}$/;

/**
 * For an ordinary user everything stays in `directory`. Root hands the server to an unprivileged account; where that
 * account cannot reach `directory` or the installed binaries (a home or temporary folder of mode 0700), both go to
 * a folder of their own under /var/lib/sigstead, named in `directory/relocated` so that deleting the state forgets it.
 */
export async function placeCluster(directory: string): Promise<Placement> {
  const native = nativeDirectory();
  await mkdir(directory, { recursive: true });
  if (process.getuid?.() !== 0) {
    await completeInstallation(native);
    return { native, data: join(directory, 'data'), user: undefined };
  }
  const user = await serverAccount();
  await chmod(directory, 0o711);
  if ((await isReachable(dirname(resolve(directory)))) && (await isReachable(resolve(native)))) {
    await completeInstallation(native);
    return { native, data: join(directory, 'data'), user };
  }
  const elsewhere = join(RELOCATION_ROOT, await relocationId(directory));
  await mkdir(elsewhere, { recursive: true, mode: 0o711 });
  await cp(native, join(elsewhere, 'native'), { recursive: true, force: false, verbatimSymlinks: true });
  await cp(join(native, '..', 'package.json'), join(elsewhere, 'package.json'));
  await completeInstallation(join(elsewhere, 'native'));
  return { native: join(elsewhere, 'native'), data: join(elsewhere, 'data'), user };
}

/** Deletes a stopped cluster for good, relocated parts included. */
export async function removeCluster(directory: string): Promise<void> {
  const id = await readFile(join(directory, 'relocated'), 'utf8').catch(() => '');
  if (RELOCATION_ID.test(id)) await rm(join(RELOCATION_ROOT, id), { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

async function relocationId(directory: string): Promise<string> {
  const file = join(directory, 'relocated');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (RELOCATION_ID.test(known)) return known;
  const id = randomUUID();
  await writeFile(file, id);
  return id;
}

/** The distribution's own `postgres` account, else `nobody`. It must exist: initdb looks its number up. */
async function serverAccount(): Promise<{ uid: number; gid: number }> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account !== undefined) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new PostgresError(
    'PERMISSION',
    'PostgreSQL cannot run as root and there is no account postgres or nobody',
  );
}

/** Whether every folder from the root down may be entered by anybody. */
async function isReachable(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
