import { Command } from 'commander';
import { OidcError, presetNames, presets, renderPreset } from '@sigstead/oidc';
import { baseUrl } from '../base-url.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { readGiven } from './given.ts';
import { assertOk, check, describeFinding, printable } from './issuer-check.ts';
import { configuredIssuers, type ConfiguredIssuers } from './configured-issuers.ts';

export function issuerCommand(): Command {
  return new Command('issuer')
    .description('Tells which issuers are trusted, and explains why a token is accepted or refused.')
    .addCommand(checkCommand())
    .addCommand(listCommand())
    .addCommand(presetCommand());
}

const CONFIG = ['--config <file>', 'issuer configuration to judge by'] as const;
const SOURCES = `
Judged by --config, else by $SIGSTEAD_HOME/certificate-authority/issuers.yaml if it is there (and --url is not given), else by
what the certificate authority at --url publishes.`;

function checkCommand(): Command {
  return new Command('check')
    .description('Judges a token, or an issuer, as the certificate authority does, and tells every step.')
    .argument('<url|token|-|@file>', "an issuer's URL; or a token, as it is, on standard input, or in a file")
    .option(...CONFIG)
    .option('--json', 'prints the steps as JSON')
    .addHelpText('after', `${SOURCES}\n\nExit codes: 0 accepted, 1 refused, 2 wrong usage.`)
    .action(async (given: string, options: { config?: string; json?: boolean }, command: Command) => {
      const what = await readGiven(given, process.stdin);
      const finding = await check(what, await issuersFor(options, command));
      process.stdout.write(options.json ? `${JSON.stringify(finding)}\n` : describeFinding(finding));
      assertOk(finding);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('Lists the configured issuers: URL or pattern, type, audience.')
    .option(...CONFIG)
    .addHelpText('after', SOURCES)
    .action(async (options: { config?: string }, command: Command) => {
      const { configuration } = await issuersFor(options, command);
      const rows = [
        ...configuration.issuers.map(({ issuerUrl, type, clientId }) => [issuerUrl, type, clientId]),
        ...configuration.metaIssuers.map(({ issuerPattern, type, clientId }) => [
          issuerPattern,
          type,
          clientId,
        ]),
      ];
      for (const row of rows) process.stdout.write(`${row.map(printable).join('\t')}\n`);
    });
}

interface PresetOptions {
  readonly issuerUrl?: string;
  readonly clientId: string;
  readonly serverUrl?: string;
  readonly trustDomain?: string;
}

function presetCommand(): Command {
  return new Command('preset')
    .description('Prints the configuration of a known kind of issuer; without a name, all of them.')
    .argument('[name]', presetNames.join(', '))
    .option(
      '--issuer-url <url>',
      'the issuer, as its tokens name it; needed where the preset is not for one issuer',
    )
    .option('--client-id <audience>', 'what tokens must be for', 'sigstore')
    .option(
      '--server-url <url>',
      "web address of the server the claims speak of, when it is not the preset's",
    )
    .option('--trust-domain <name>', 'for SPIFFE')
    .action((given: string | undefined, options: PresetOptions) => {
      const all = presetNames.map((name) => `${name}\t${presets[name].issuerUrl}\n`).join('');
      process.stdout.write(given === undefined ? all : renderNamed(given, options));
    });
}

/** Where such issuers differ, the preset's address has a place to fill in. */
const isForEverybody = (issuerUrl: string): boolean => !issuerUrl.includes('<');

function renderNamed(
  given: string,
  { issuerUrl: chosen, clientId, serverUrl, trustDomain }: PresetOptions,
): string {
  const name = presetNames.find((known) => known === given);
  if (name === undefined)
    throw new CliError(
      `no preset ${JSON.stringify(given)}, want one of ${presetNames.join(', ')}`,
      exitCodes.usage,
    );
  const usual = presets[name].issuerUrl;
  const issuerUrl = chosen ?? (isForEverybody(usual) ? usual : undefined);
  if (issuerUrl === undefined) throw new CliError(`want --issuer-url, such as ${usual}`, exitCodes.usage);
  try {
    return renderPreset(name, {
      issuerUrl,
      clientId,
      ...(serverUrl === undefined ? {} : { url: serverUrl }),
      ...(trustDomain === undefined ? {} : { trustDomain }),
    });
  } catch (cause) {
    if (!(cause instanceof OidcError)) throw cause;
    throw new CliError(cause.message, exitCodes.usage, { cause });
  }
}

/** Whoever names a stack by its URL does not mean the one in this folder. */
function issuersFor({ config }: { readonly config?: string }, command: Command): Promise<ConfiguredIssuers> {
  const isStackNamed = command.getOptionValueSourceWithGlobals('url') === 'cli';
  const home = isStackNamed ? undefined : process.env['SIGSTEAD_HOME'] || '.sigstead';
  return configuredIssuers({ config, home, baseUrl: baseUrl(command) });
}
