import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  parseSigningConfig,
  parseTrustedRoot,
  TrustError,
  type SigningConfig,
  type TrustedRoot,
} from '@sigstead/trust';
import { CliError, exitCodes } from '../../cli-error.ts';
import { readGivenFile } from '../../read-given-file.ts';
import type { CommandSurroundings, SigningOptions } from '../options.ts';
import { namedServices } from './named-services.ts';

/** Which services sign, and by what their answers are judged. */
export interface SigningPlan {
  readonly config: SigningConfig;
  readonly trustedRoot: TrustedRoot;
  /** Where the configuration was read; it also names the issuers to log in at. */
  readonly file: string | undefined;
}

type Where = Pick<CommandSurroundings, 'environment' | 'isStackNamed'>;

const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** The files of the ceremony, by the version of Rekor in them. */
const FILE_NAMES = { 1: 'signing_config.v0.2.json', 2: 'signing_config_rekor_v2.v0.2.json' } as const;

/**
 * The services of, first to last: single URLs; `--signing-config`; SIGSTEAD_SIGNING_CONFIG; the file that the stack keeps in
 * SIGSTEAD_HOME, or in `.sigstead` here unless a stack is named by its URL.
 *
 * @returns undefined when there is none: then a signer service signs
 * @throws CliError for one that is named and cannot be used
 */
export async function findSigningPlan(
  options: SigningOptions,
  where: Where,
): Promise<SigningPlan | undefined> {
  if (options.tlogUpload === false) {
    throw new CliError(
      '--tlog-upload=false is refused: what is in no transparency log cannot be told from what was never signed',
      exitCodes.usage,
    );
  }
  if (options.signer !== undefined) return undefined;
  const named = namedServices(options);
  if (named !== undefined) {
    const trustedRoot = await readTrustedRoot(options, where.environment, undefined);
    return { config: named, trustedRoot, file: undefined };
  }
  const file = await findFile(options, where);
  if (file === undefined) return undefined;
  const config = ofVersion(await readConfig(file), options, file);
  return { config, file, trustedRoot: await readTrustedRoot(options, where.environment, file) };
}

async function findFile(
  { signingConfig, rekorVersion }: SigningOptions,
  { environment, isStackNamed }: Where,
): Promise<string | undefined> {
  if (signingConfig !== undefined) return signingConfig;
  const variable = environment['SIGSTEAD_SIGNING_CONFIG'];
  const home = environment['SIGSTEAD_HOME'] || (isStackNamed ? undefined : '.sigstead');
  const trust = variable ? dirname(variable) : home === undefined ? undefined : join(home, 'trust');
  if (trust === undefined) return undefined;
  // The variable names one of the two files that lie side by side.
  const kept = join(resolve(trust), FILE_NAMES[rekorVersion === '2' ? 2 : 1]);
  if (variable && (rekorVersion === undefined || !(await isThere(kept)))) return variable;
  return (await isThere(kept)) ? kept : undefined;
}

/** A configuration may hold logs of both versions. */
function ofVersion(config: SigningConfig, { rekorVersion }: SigningOptions, file: string): SigningConfig {
  if (rekorVersion === undefined) return config;
  const logs = config.rekorTlogUrls.filter(({ majorApiVersion }) => majorApiVersion === Number(rekorVersion));
  if (logs.length > 0) return { ...config, rekorTlogUrls: logs };
  throw new CliError(`signing configuration ${file} names no log of Rekor v${rekorVersion}`);
}

async function readConfig(file: string): Promise<SigningConfig> {
  const bytes = await readGivenFile(file, 'signing configuration', MAX_FILE_BYTES);
  return readable(`signing configuration ${JSON.stringify(file)}`, () => parseSigningConfig(bytes));
}

/** That of options or variable, else the one beside the signing configuration. */
async function readTrustedRoot(
  { trustedRoot }: SigningOptions,
  environment: NodeJS.ProcessEnv,
  configFile: string | undefined,
): Promise<TrustedRoot> {
  const beside = configFile === undefined ? undefined : join(dirname(configFile), 'trusted_root.json');
  const file =
    trustedRoot ??
    (environment['SIGSTEAD_TRUSTED_ROOT'] || undefined) ??
    (beside !== undefined && (await isThere(beside)) ? beside : undefined);
  if (file === undefined) {
    throw new CliError(
      'there is no trusted root to verify by what the services answer: give --trusted-root, or set SIGSTEAD_TRUSTED_ROOT',
      exitCodes.usage,
    );
  }
  const bytes = await readGivenFile(file, 'trusted root', MAX_FILE_BYTES);
  return readable(`trusted root ${JSON.stringify(file)}`, () => parseTrustedRoot(bytes));
}

function readable<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new CliError(`${what} is not usable: ${cause.message}`, exitCodes.failed, { cause });
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
