import { ConfigError, readConfig, setting } from '@sigstead/server';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { anchorsOf, anchorVariables } from './anchor/anchor-settings.ts';
import { openAnchor } from './anchor/open-anchor.ts';
import { databaseUrlOf } from '@sigstead/postgres';
import { messageOf } from './errors.ts';
import { runExport, type ExportCommandOptions } from './export/run-export.ts';
import { createCtLog, rotateCtLog, type CtOptions, type RotateCtOptions } from './lifecycle/ct-lifecycle.ts';
import { freezeLog, listLogs, type LifecycleContext, type Succession } from './lifecycle/lifecycle.ts';
import {
  createRekorLog,
  rotateRekorLog,
  type RekorShardOptions,
  type RotateOptions,
} from './lifecycle/rekor-v1-lifecycle.ts';
import {
  createRekorV2Log,
  rotateRekorV2Log,
  type RekorV2KeyType,
  type RekorV2Options,
  type RotateRekorV2Options,
} from './lifecycle/rekor-v2-lifecycle.ts';

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
      clock: () => new Date(),
    };
  });

const contextOf = (): LifecycleContext => readConfig(environment, process.env);
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const note = (line: string): boolean => process.stderr.write(`${line}\n`);
const printSuccession = ({ frozen, size, active }: Succession): boolean =>
  print(`frozen ${frozen} at ${size} entries\ncreated ${active}`);

const keyTypeOption = () =>
  new Option('--key-type <type>', 'of a new key').choices(['P-256', 'Ed25519'] satisfies RekorV2KeyType[]);

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
  .action(async (options: RekorShardOptions) => {
    print(`created ${await createRekorLog(contextOf(), options)}`);
  });

program
  .command('create-rekor-v2')
  .description('makes the first rekor-v2 log, or a further shard that stands by, and writes it to LOGS_FILE')
  .requiredOption('--origin <name>', 'bare DNS name, such as log2026-1.example.com; it need not answer')
  .requiredOption('--key-file <path>', 'made when absent')
  .requiredOption('--passphrase-file <path>', 'passphrase of the key')
  .addOption(keyTypeOption().default('P-256'))
  .option(
    '--standby',
    'serve it under its own path, and leave the active shard active until it is rotated to',
  )
  .action(async (options: RekorV2Options) => {
    print(`created ${await createRekorV2Log(contextOf(), options)}`);
  });

program
  .command('create-ct')
  .description('makes a CT log and writes it to LOGS_FILE, where it is the active one')
  .requiredOption('--shard <name>', 'path segment under /ctlog/')
  .requiredOption('--roots-file <path>', 'PEM certificates that logged chains end in')
  .requiredOption('--key-file <path>', 'made when absent')
  .requiredOption('--passphrase-file <path>', 'passphrase of the key')
  .option('--origin <name>', 'submission prefix without scheme, localhost/ctlog/<shard> unless given')
  .action(async (options: CtOptions) => {
    print(`created ${await createCtLog(contextOf(), options)}`);
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
  .action(async (options: RotateOptions) => {
    printSuccession(await rotateRekorLog(contextOf(), options));
  });

program
  .command('rotate-rekor-v2')
  .description(
    'ends the active rekor-v2 shard and opens the next one, or the one of this origin that stands by; also the way out after a restored backup',
  )
  .option('--origin <name>', 'of the next shard; log2026-2.<host> follows log2026-1.<host> unless given')
  .option('--key-file <path>', 'of the next shard, made when absent; rekor-v2-<origin>.pem unless given')
  .option('--passphrase-file <path>', 'passphrase of that key; the same as before unless given')
  .addOption(keyTypeOption())
  .action(async (options: RotateRekorV2Options) => {
    printSuccession(await rotateRekorV2Log(contextOf(), options));
  });

program
  .command('rotate-ct')
  .description('ends the active CT log and makes the next one; the service takes it up when it starts again')
  .requiredOption('--shard <name>', 'of the next log')
  .option('--origin <name>', 'of the next log; that of the last one with the other shard unless given')
  .option('--key-file <path>', 'of the next log, made when absent; ct-<shard>.pem unless given')
  .option('--passphrase-file <path>', 'passphrase of that key; the same as before unless given')
  .action(async (options: RotateCtOptions) => {
    printSuccession(await rotateCtLog(contextOf(), options));
  });

program
  .command('export <log>')
  .description(
    'brings a copy of what a rekor-v2 or CT log serves up to date, for a plain web server. Reads DATABASE_URL (service), LOGS_FILE and the anchor as the service does, for a bucket EXPORT_BUCKET_* as well',
  )
  .option('--directory <path>', 'made when absent')
  .option('--bucket <url>', 'https://endpoint/bucket, with a prefix behind it if wanted')
  .option('--workers <n>', 'resources written at once', '8')
  .action(async (name: string, options: ExportCommandOptions) => {
    const { from, size, written, found } = await runExport(name, options, process.env, note);
    print(`exported ${name} from ${from} to ${size} entries: ${written} written, ${found} found`);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`transparency-log-logs: ${messageOf(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
