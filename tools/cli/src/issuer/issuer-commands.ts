import { OidcError, presetNames, presets, renderPreset } from '@sigstead/oidc';
import { CliError, exitCodes } from '../cli-error.ts';
import { printable } from '../printable.ts';
import { readGiven } from './given.ts';
import { assertOk, check, describeFinding } from './issuer-check.ts';
import { configuredIssuers, type WhereToLook } from './configured-issuers.ts';

/** Prints how a token or an issuer fares. */
export async function checkGiven(given: string, asJson: boolean, where: WhereToLook): Promise<void> {
  const what = await readGiven(given, process.stdin);
  const finding = await check(what, await configuredIssuers(where));
  process.stdout.write(asJson ? `${JSON.stringify(finding)}\n` : describeFinding(finding));
  assertOk(finding);
}

export async function listIssuers(where: WhereToLook): Promise<void> {
  const { configuration } = await configuredIssuers(where);
  const rows = [
    ...configuration.issuers.map(({ issuerUrl, type, clientId }) => [issuerUrl, type, clientId]),
    ...configuration.metaIssuers.map(({ issuerPattern, type, clientId }) => [issuerPattern, type, clientId]),
  ];
  for (const row of rows) process.stdout.write(`${row.map(printable).join('\t')}\n`);
}

export interface PresetOptions {
  readonly issuerUrl?: string;
  readonly clientId: string;
  readonly serverUrl?: string;
  readonly trustDomain?: string;
}

/** One preset by its name; without a name, one line for each there is. */
export function printPreset(given: string | undefined, options: PresetOptions): void {
  const all = presetNames.map((name) => `${name}\t${presets[name].issuerUrl}\n`).join('');
  process.stdout.write(given === undefined ? all : renderNamed(given, options));
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
