import { PrivateKeySigner, type PublicKey } from '@sigstead/crypto';
import { rekorOrigin } from '@sigstead/tlog';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from './instance.ts';

export type LogKind = 'rekor-v1' | 'rekor-v2' | 'ct';

/** One log in the transparency log's LOGS_FILE. */
export interface LogSettings {
  readonly kind: LogKind;
  readonly keyFile: string;
  readonly passphraseFile: string;
  readonly [setting: string]: unknown;
}

/** What a client of a log knows of it. */
export interface InstalledLog {
  /** Of its checkpoints. */
  readonly origin: string;
  readonly publicKey: PublicKey;
  /** What its paths begin with: '', or `/ctlog/<shard>`. */
  readonly prefix: string;
}

/** Changes which logs the transparency log hosts when it is started next. Files are named below `transparency-log/`. */
export async function configureLogs(
  { directory }: Pick<Instance, 'directory'>,
  change: (logs: readonly LogSettings[]) => readonly LogSettings[],
): Promise<void> {
  const logs = change(await readLogs(directory));
  await writeFile(join(directory, 'transparency-log/logs.json'), JSON.stringify(logs));
}

/** The active log of a kind, which is its last. */
export async function installedLog(
  { directory }: Pick<Instance, 'directory'>,
  kind: LogKind,
): Promise<InstalledLog> {
  const settings = (await readLogs(directory)).filter((log) => log.kind === kind).at(-1);
  if (settings === undefined) throw new Error(`the instance has no ${kind} log`);
  const file = (name: string) => readFile(join(directory, 'transparency-log', name), 'utf8');
  const passphrase = (await file(settings.passphraseFile)).trim();
  const { publicKey } = PrivateKeySigner.fromPem(await file(settings.keyFile), passphrase);
  return { ...addressOf(settings), publicKey };
}

function addressOf(settings: LogSettings): Omit<InstalledLog, 'publicKey'> {
  const text = (name: string) => String(settings[name]);
  switch (settings.kind) {
    case 'rekor-v1':
      return { origin: rekorOrigin(text('host'), BigInt(text('treeId'))), prefix: '' };
    case 'rekor-v2':
      return { origin: text('origin'), prefix: '' };
    case 'ct': {
      const path = `ctlog/${text('shard')}`;
      const origin = settings['origin'] === undefined ? `localhost/${path}` : text('origin');
      return { origin, prefix: `/${path}` };
    }
  }
}

async function readLogs(directory: string): Promise<readonly LogSettings[]> {
  const text = await readFile(join(directory, 'transparency-log/logs.json'), 'utf8');
  return JSON.parse(text) as readonly LogSettings[];
}
