import { ConfigError, readConfig, setting } from '@sigstead/server';
import { Command } from 'commander';
import { z } from 'zod';
import { anchorsOf, anchorVariables } from './anchor/anchor-settings.ts';
import { openAnchor } from './anchor/open-anchor.ts';
import { databaseUrlOf } from '@sigstead/postgres';
import { messageOf } from './errors.ts';
import {
  createRekorLog,
  freezeLog,
  listLogs,
  rotateRekorLog,
  type LifecycleContext,
} from './lifecycle/lifecycle.ts';

/** As for the migration and the service. */
const environment = z
  .object({
    MIGRATION_DATABASE_URL: z.string().min(1),
    MIGRATION_DATABASE_PASSWORD_FILE: setting.file().optional(),
    LOGS_FILE: z.string().min(1),
    ...anchorVariables,
  })
  .transform((variables, context): LifecycleContext => {
    const anchors = anchorsOf(variables, context);
    return {
      ownerUrl: databaseUrlOf(variables, 'MIGRATION_DATABASE', context),
      logsFile: variables.LOGS_FILE,
      anchorOf: (name) => openAnchor(anchors, name),
    };
  });

interface KeyOptions {
  readonly treeId?: string;
  readonly keyFile?: string;
  readonly passphraseFile?: string;
}

const contextOf = (): LifecycleContext => readConfig(environment, process.env);
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

const program = new Command('transparency-log-logs').description(
  'Lifecycle of logs. Reads MIGRATION_DATABASE_URL (owner), LOGS_FILE and ANCHOR_DIRECTORY or ANCHOR_BUCKET_*.',
);

program
  .command('list')
  .description('state and size of every log')
  .action(async () => {
    for (const { name, origin, state, size } of await listLogs(contextOf()))
      print(`${name}\t${state}\t${size}\t${origin}`);
  });

program
  .command('create')
  .description('makes the first rekor-v1 log and writes it to LOGS_FILE')
  .requiredOption('--host <name>', 'first word of the origin')
  .requiredOption('--key-file <path>', 'made when absent')
  .requiredOption('--passphrase-file <path>', 'passphrase of the key')
  .option('--tree-id <decimal>', 'random unless given')
  .action(async (options: Required<KeyOptions> & { host: string }) => {
    print(`created ${await createRekorLog(contextOf(), options)}`);
  });

program
  .command('freeze <log>')
  .description('ends a log for good; it is served on')
  .action(async (name: string) => {
    print(`frozen ${name} at ${await freezeLog(contextOf(), name)} entries`);
  });

program
  .command('rotate')
  .description(
    'ends the active rekor-v1 shard and opens the next one; also the way out after a restored backup',
  )
  .option('--tree-id <decimal>', 'of the next shard, random unless given')
  .option('--key-file <path>', 'of the next shard, made when absent; the same as before unless given')
  .option('--passphrase-file <path>', 'passphrase of that key')
  .action(async (options: KeyOptions) => {
    const { frozen, treeLength, active } = await rotateRekorLog(contextOf(), options);
    print(`frozen ${frozen} at ${treeLength} entries\ncreated ${active}`);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`transparency-log-logs: ${messageOf(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
