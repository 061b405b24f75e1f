import { PrivateKeySigner, type PublicKey } from '@sigstead/crypto';
import { createLog, type Service } from '@sigstead/server';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransparencyLog } from '../create-transparency-log.ts';
import type { TestAuthority } from './authority.ts';

/** With these Node runs our sources, in a process or a thread of its own. */
export const SOURCE_ARGUMENTS = [
  '--conditions=@sigstead/source',
  '--import',
  new URL('../../../../tools/typescript-loader.mjs', import.meta.url).href,
];

export const TREE_ID = '1193050959916656506';

/** Files of one installation: keys, roots, list of logs, anchors. Several services may run on them. */
export interface Installation {
  readonly directory: string;
  readonly anchorDirectory: string;
  readonly logsFile: string;
  readonly rekorKey: PublicKey;
  readonly ctKey: PublicKey;
  remove(): Promise<void>;
}

/**
 * @param rekorSettings further settings of the Rekor log
 * @param ctSettings further settings of the CT log
 */
export async function install(
  authority: TestAuthority,
  rekorSettings: Readonly<Record<string, unknown>> = {},
  ctSettings: Readonly<Record<string, unknown>> = {},
): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), 'sigstead-tlog-files-'));
  const [rekor, ct] = [PrivateKeySigner.generate('P-256'), PrivateKeySigner.generate('P-256')];
  await writeFile(join(directory, 'passphrase'), 'correct horse\n');
  await writeFile(join(directory, 'rekor.pem'), rekor.toEncryptedPem('correct horse'));
  await writeFile(join(directory, 'ct.pem'), ct.toEncryptedPem('correct horse'));
  await writeFile(join(directory, 'roots.pem'), authority.root.toPem());
  const logsFile = join(directory, 'logs.json');
  const logs = [
    {
      kind: 'rekor-v1',
      treeId: TREE_ID,
      host: 'localhost',
      keyFile: 'rekor.pem',
      passphraseFile: 'passphrase',
      ...rekorSettings,
    },
    {
      kind: 'ct',
      shard: '2026',
      keyFile: 'ct.pem',
      passphraseFile: 'passphrase',
      rootsFile: 'roots.pem',
      ...ctSettings,
    },
  ];
  await writeFile(logsFile, JSON.stringify(logs));
  return {
    directory,
    anchorDirectory: join(directory, 'anchors'),
    logsFile,
    rekorKey: rekor.publicKey,
    ctKey: ct.publicKey,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export interface RunningService {
  readonly service: Service;
  readonly url: string;
}

export async function startService(
  installation: Installation,
  databaseUrl: string,
  clock: () => Date = () => new Date(),
  admissionThreads = 0,
  maxBodyBytes = 64 * 1024,
): Promise<RunningService> {
  const { logsFile, anchorDirectory } = installation;
  const service = await createTransparencyLog(
    {
      databaseUrl,
      logsFile,
      anchors: { directory: anchorDirectory },
      maxBodyBytes,
      admissionThreads,
    },
    { clock, log: createLog('test', 'silent'), threadArguments: SOURCE_ARGUMENTS },
  );
  return { service, url: await service.listen(0, '127.0.0.1') };
}
