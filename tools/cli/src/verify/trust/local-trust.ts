import { access } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseClientTrustConfig, parseTrustedRoot, TrustError, type TrustedRoot } from '@sigstead/trust';
import type { NamedTrustedRoot } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { TrustOptions } from '../options.ts';
import { readGivenFile } from '../../read-given-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What this program judges by. Roots stand side by side and are never merged. */
export interface LocalTrust {
  readonly roots: readonly NamedTrustedRoot[];
  /** Where they come from, for the reader. */
  readonly origin: string;
  /** Nobody named it: it was found. */
  readonly isFound: boolean;
}

const MAX_TRUST_BYTES = 4 * 1024 * 1024;

/**
 * Where trust comes from, first to last: what options name, SIGSTEAD_TRUSTED_ROOT, and the file that the stack keeps in its folder. It
 * is never asked of a service: whoever answers there could be whom the signature is to be told from.
 *
 * @returns undefined when there is none
 * @throws CliError for one that is named and cannot be used
 */
export async function findTrust(
  options: TrustOptions,
  environment: Environment,
): Promise<LocalTrust | undefined> {
  const given = await readGiven(options, environment);
  if (given.length > 0) {
    const roots = distinct(given.flatMap((one) => one.roots));
    return { roots, origin: given.map((one) => one.origin).join(', '), isFound: false };
  }
  const variable = environment['SIGSTEAD_TRUSTED_ROOT'];
  if (variable) return { ...(await readRootFile(variable, 'SIGSTEAD_TRUSTED_ROOT')), isFound: false };
  const kept = join(stateFolder(environment), 'trust', 'trusted_root.json');
  const isThere = await access(kept).then(
    () => true,
    () => false,
  );
  return isThere ? { ...(await readRootFile(kept, 'trusted root')), isFound: true } : undefined;
}

interface Given {
  readonly roots: readonly NamedTrustedRoot[];
  readonly origin: string;
}

async function readGiven(options: TrustOptions, environment: Environment): Promise<Given[]> {
  const { trustedRoot = [], trustConfig, trustRoot, trustRoots, offline = false } = options;
  const given: Given[] = [];
  for (const file of trustedRoot) given.push(await readRootFile(file, '--trusted-root'));
  if (trustConfig !== undefined) given.push(await readConfigFile(trustConfig));
  if (trustRoot !== undefined || trustRoots !== undefined) {
    const { readListedRoots } = await import('./listed-roots.ts');
    const cacheDirectory = join(stateFolder(environment), 'cache');
    given.push(...(await readListedRoots({ trustRoot, trustRoots, offline, cacheDirectory })));
  }
  return given;
}

async function readRootFile(file: string, what: string): Promise<Given> {
  const bytes = await readGivenFile(file, what, MAX_TRUST_BYTES);
  return one(file, `${what} ${JSON.stringify(file)} is no trusted root`, () => parseTrustedRoot(bytes));
}

async function readConfigFile(file: string): Promise<Given> {
  const bytes = await readGivenFile(file, '--trust-config', MAX_TRUST_BYTES);
  const what = `--trust-config ${JSON.stringify(file)} is no client trust config`;
  return one(file, what, () => parseClientTrustConfig(bytes).trustedRoot);
}

function one(file: string, what: string, parse: () => TrustedRoot): Given {
  try {
    const name = basename(file).replace(/\.json$/, '');
    return { roots: [{ name, trustedRoot: parse() }], origin: file };
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new CliError(`${what}: ${cause.message}`, exitCodes.failed, { cause });
  }
}

/** Verdicts and policies go by the names. */
function distinct(roots: readonly NamedTrustedRoot[]): readonly NamedTrustedRoot[] {
  const names = roots.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return roots;
  throw new CliError(`two trusted roots are called ${JSON.stringify(twice)}`, exitCodes.usage);
}

function stateFolder(environment: Environment): string {
  return resolve(environment['SIGSTEAD_HOME'] || '.sigstead');
}
