import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PrivateKeySigner } from '@sigstead/crypto';
import { z } from 'zod';
import type { Ceremony } from './ceremony.ts';
import type { RekorV2Shard } from './rekor-v2-shard.ts';

/** Below the folder of the ceremony: what the log serves, and what its keys are encrypted with. */
export const LOGS_FILE = 'transparency-log/logs.json';
const LOG_PASSPHRASE = 'passphrase';
export const LOG_PASSPHRASE_FILE = join(dirname(LOGS_FILE), LOG_PASSPHRASE);

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** As much of the list as the ceremony has to understand; the service checks the rest. */
const logsSchema = z.array(z.looseObject({ kind: z.string() }));
const rekorV2Schema = z.looseObject({ origin: z.string(), keyFile: z.string(), passphraseFile: z.string() });

export type LogSettings = z.output<typeof logsSchema>;

export function firstLogSettings(
  ceremony: Pick<Ceremony, 'rekorTreeId' | 'logHost' | 'ctShard' | 'rekorV2Shards'>,
): LogSettings {
  const { rekorTreeId, logHost, ctShard, rekorV2Shards } = ceremony;
  return [
    {
      kind: 'rekor-v1',
      treeId: rekorTreeId,
      host: logHost,
      keyFile: 'rekor.key.pem',
      passphraseFile: LOG_PASSPHRASE,
    },
    ...rekorV2Shards.map(rekorV2Settings),
    {
      kind: 'ct',
      shard: ctShard,
      origin: `${logHost}/ctlog/${ctShard}`,
      keyFile: 'ct.key.pem',
      passphraseFile: LOG_PASSPHRASE,
      rootsFile: 'ct-roots.pem',
      extendedKeyUsages: [CODE_SIGNING],
    },
  ];
}

export function rekorV2Settings({ origin }: Pick<RekorV2Shard, 'origin'>): LogSettings[number] {
  return { kind: 'rekor-v2', origin, keyFile: rekorV2KeyFile(origin), passphraseFile: LOG_PASSPHRASE };
}

/** Beside the list, and as the log's own command names the keys of the shards that follow. */
export function rekorV2KeyFile(origin: string): string {
  return `rekor-v2-${origin}.pem`;
}

export function formatLogSettings(settings: LogSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** @throws Error when the file is not there or no list of logs */
export async function readLogSettings(directory: string): Promise<LogSettings> {
  return logsSchema.parse(JSON.parse(await readFile(join(directory, LOGS_FILE), 'utf8')));
}

/**
 * The Rekor v2 shards of a list, by their own keys, trusted from `start` on.
 *
 * @throws Error when a key cannot be read
 */
export async function readRekorV2Shards(
  directory: string,
  settings: LogSettings,
  start: Date,
): Promise<readonly RekorV2Shard[]> {
  const fileOf = (path: string) => readFile(resolve(directory, dirname(LOGS_FILE), path), 'utf8');
  const listed = settings.filter(({ kind }) => kind === 'rekor-v2').map((log) => rekorV2Schema.parse(log));
  return Promise.all(
    listed.map(async ({ origin, keyFile, passphraseFile }) => {
      const passphrase = (await fileOf(passphraseFile)).trim();
      const { publicKey } = PrivateKeySigner.fromPem(await fileOf(keyFile), passphrase);
      return { origin, publicKeyPem: publicKey.toPem(), validFor: { start } };
    }),
  );
}
