import { KeyError, PublicKey } from '@sigstead/crypto';
import type { LogKind } from '@sigstead/instance';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { Cluster } from './cluster.ts';
import { hammer, type Target } from './hammer.ts';
import { openFace } from './open-face.ts';

interface Options {
  readonly log: LogKind;
  readonly minutes: number;
  readonly writers: number;
  readonly replicas: number;
  readonly killEvery: number;
  readonly crashEvery: number;
  readonly url: readonly string[];
  readonly publicKey?: PublicKey;
  readonly origin?: string;
  readonly authority?: string;
}

const KINDS: readonly LogKind[] = ['rekor-v1', 'rekor-v2', 'ct'];
const MAX_PRINTED = 20;

const program = new Command('hammer')
  .description(
    'Writes to a log of its own while replicas and database fall, or to a running one, then checks every promise it gave. What is written to a log stays there.',
  )
  .addOption(new Option('--log <kind>', 'through which API').choices(KINDS).default('rekor-v1'))
  .option('--minutes <n>', 'of writing', amount, 10)
  .option('--writers <n>', 'clients at once', amount, 32)
  .option('--replicas <n>', 'of the log of its own', amount, 2)
  .option('--kill-every <seconds>', 'mean time between kills of a replica; 0: none', amount, 10)
  .option('--crash-every <seconds>', 'mean time between crashes of the database; 0: none', amount, 0)
  .option('--url <url>', 'of a running log, may be given once for each replica', append, [])
  .option('--public-key <file>', 'of the running log, PEM', publicKey)
  .option('--origin <origin>', 'of its checkpoints')
  .option(
    '--authority <folder>',
    'of an authority the running CT log knows: ca.key.pem, passphrase, chain.pem as the ceremony makes them',
  )
  .parse();
const options = program.opts<Options>();

try {
  if (options.url.length > 0) await hammerRunningLog(options);
  else await hammerOwnLog(options);
} catch (error) {
  process.stderr.write(`hammer: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function hammerOwnLog(settings: Options): Promise<void> {
  const cluster = await Cluster.start(settings.replicas);
  try {
    await run(await cluster.target(settings.log), settings);
  } finally {
    await cluster.stop();
  }
}

async function hammerRunningLog(settings: Options): Promise<void> {
  const { log: kind, url, publicKey, origin, authority } = settings;
  if (publicKey === undefined || origin === undefined)
    throw new Error('--url wants --public-key and --origin');
  const face = await openFace({ kind, origin, publicKey, authority });
  const urls = url.map((each) => each.replace(/\/+$/, ''));
  await run({ urls, face }, { ...settings, killEvery: 0, crashEvery: 0 });
}

async function run(target: Target, settings: Options): Promise<void> {
  const { violations, ...figures } = await hammer(target, settings);
  const perSecond = Math.round((figures.acknowledged + figures.found) / figures.seconds);
  const report = { log: settings.log, ...figures, perSecond, violations: violations.length };
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  for (const violation of violations.slice(0, MAX_PRINTED)) process.stdout.write(`violation: ${violation}\n`);
  if (violations.length > 0) process.exitCode = 1;
}

function amount(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('want a number, 0 or more');
  return value;
}

function append(text: string, list: readonly string[]): string[] {
  if (!URL.canParse(text)) throw new InvalidArgumentError('want a URL');
  return [...list, text];
}

function publicKey(file: string): PublicKey {
  try {
    return PublicKey.fromPem(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof KeyError ? error.message : 'it cannot be read';
    throw new InvalidArgumentError(`${file} is no public key: ${reason}`);
  }
}
