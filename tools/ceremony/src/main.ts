import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openCeremony, writeDurably } from './ceremony-files.ts';
import { DEFAULT_REKOR_V2_KEY_TYPE, REKOR_V2_KEY_TYPES, type RekorV2KeyType } from './rekor-v2-shard.ts';
import { renderTrustFiles } from './trust-files.ts';

interface Options {
  readonly directory: string;
  readonly organization: string;
  readonly caUrl: string;
  readonly logUrl: string;
  readonly tsaUrl: string;
  readonly issuerUrl: string[];
  readonly logHost?: string;
  readonly ctShard: string;
  readonly caKeyType: 'P-256' | 'P-384';
  readonly rekorV2KeyType: RekorV2KeyType;
  readonly owner?: { uid: number; gid: number };
  readonly secret: string[];
}

const program = new Command('ceremony')
  .description(
    'Makes the keys, certificates and trust files of a Sigstead instance. Safe to run again: keys are kept, trust files rendered anew.',
  )
  .requiredOption('--directory <path>', 'where to write; one folder per service')
  .requiredOption('--ca-url <url>', 'public URL of the certificate authority', httpUrl)
  .requiredOption('--log-url <url>', 'public URL of the transparency log', httpUrl)
  .requiredOption('--tsa-url <url>', 'public URL of the timestamp authority', httpUrl)
  .option('--issuer-url <url>', 'issuer of identity tokens, may be given several times', append, [])
  .option('--organization <name>', "organisation in the CA's names", 'sigstead')
  .option('--log-host <name>', "host in the logs' origins; never change it (default: host of --log-url)")
  .option(
    '--ct-shard <name>',
    'path segment of the certificate transparency log',
    String(new Date().getUTCFullYear()),
  )
  .addOption(
    new Option('--ca-key-type <type>', "curve of the CA's keys").choices(['P-384', 'P-256']).default('P-384'),
  )
  .addOption(
    new Option('--rekor-v2-key-type <type>', "of the Rekor v2 log's first key")
      .choices(REKOR_V2_KEY_TYPES)
      .default(DEFAULT_REKOR_V2_KEY_TYPE),
  )
  .option('--owner <uid:gid>', 'account that the services run as', account)
  .option('--secret <path>', 'a random secret to make as well, may be given several times', append, []);

try {
  await run(program.parse().opts<Options>());
} catch (error) {
  process.stderr.write(`ceremony: ${error instanceof Error ? error.message : 'failed'}\n`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const { ceremony, outcome } = await openCeremony(
    options.directory,
    {
      organization: options.organization,
      logHost: options.logHost ?? new URL(options.logUrl).hostname,
      ctShard: options.ctShard,
      caKeyType: options.caKeyType,
      rekorV2KeyType: options.rekorV2KeyType,
    },
    { now: new Date(), randomBytes: (length) => new Uint8Array(randomBytes(length)) },
    { randomSecrets: options.secret, ...(options.owner === undefined ? {} : { owner: options.owner }) },
  );
  process.stdout.write(`ceremony: keys and certificates ${outcome}\n`);
  const files = renderTrustFiles(ceremony, {
    certificateAuthority: options.caUrl,
    transparencyLog: options.logUrl,
    timestampAuthority: options.tsaUrl,
    issuers: options.issuerUrl,
  });
  for (const [name, content] of Object.entries(files))
    await writeDurably(join(options.directory, 'trust', name), content);
  process.stdout.write(`ceremony: trust files in ${join(options.directory, 'trust')}\n`);
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('want an http or https URL');
  }
  return text.replace(/\/+$/, '');
}

function account(text: string): { uid: number; gid: number } {
  const [uid, gid] = text.split(':').map(Number);
  if (!/^\d+:\d+$/.test(text) || uid === undefined || gid === undefined)
    throw new InvalidArgumentError('want uid:gid');
  return { uid, gid };
}

function append(text: string, list: readonly string[]): string[] {
  return [...list, text];
}
