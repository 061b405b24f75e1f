import { readFile } from 'node:fs/promises';
import { ConfigError } from '@sigstead/server';
import { chooseServices, type ServiceAccess, type SigningServices } from '@sigstead/signing';
import { parseSigningConfig, TrustError, type Service, type SigningConfig } from '@sigstead/trust';
import type { ServiceAddresses, SignerConfig } from './config.ts';

export type RekorVersion = 1 | 2;

/** How services are reached, and by what they are judged: that may change while they are in use. */
export type PlanAccess = Omit<ServiceAccess, 'trustedRoot'> & {
  readonly trustedRoot: () => ServiceAccess['trustedRoot'];
};

/** Which services sign, by the version of the log that a request wants. */
export class ServicePlans {
  readonly #access: PlanAccess;
  readonly #plans: ReadonlyMap<RekorVersion, SigningConfig>;
  readonly defaultVersion: RekorVersion;

  private constructor(
    access: PlanAccess,
    plans: ReadonlyMap<RekorVersion, SigningConfig>,
    defaultVersion: RekorVersion,
  ) {
    this.#access = access;
    this.#plans = plans;
    this.defaultVersion = defaultVersion;
  }

  /** @throws ConfigError when a signing config cannot be used, or the default version has no log */
  static async open({ services, rekorVersion }: SignerConfig, access: PlanAccess): Promise<ServicePlans> {
    const plans = await readPlans(services);
    const [first] = plans.keys();
    const chosen = rekorVersion ?? first;
    if (chosen === undefined || !plans.has(chosen))
      throw new ConfigError(`there is no Rekor v${chosen ?? 1} log to sign with by default`);
    return new ServicePlans(access, plans, chosen);
  }

  get versions(): RekorVersion[] {
    return [...this.#plans.keys()];
  }

  /**
   * @returns undefined when there is no log of that version
   * @throws SigningError SERVICES when none of its services is valid at the moment
   */
  choose(version: RekorVersion = this.defaultVersion): SigningServices | undefined {
    const plan = this.#plans.get(version);
    if (plan === undefined) return undefined;
    return chooseServices(plan, { ...this.#access, trustedRoot: this.#access.trustedRoot() });
  }
}

async function readPlans(addresses: ServiceAddresses): Promise<Map<RekorVersion, SigningConfig>> {
  if ('caUrl' in addresses) return plansOf(addresses);
  const plans = new Map<RekorVersion, SigningConfig>();
  for (const path of addresses.signingConfigFiles) {
    const config = await readSigningConfig(path);
    // As clients choose: the highest version that is there, and no other.
    const version = Math.max(0, ...config.rekorTlogUrls.map(({ majorApiVersion }) => majorApiVersion));
    if (version !== 1 && version !== 2)
      throw new ConfigError(`signing config ${path} names no log of Rekor v1 or v2`);
    if (plans.has(version))
      throw new ConfigError(`signing config ${path} is the second one for Rekor v${version}`);
    plans.set(version, config);
  }
  return plans;
}

function plansOf({
  caUrl,
  rekorUrl,
  rekorV2Url,
  tsaUrls = [],
}: Extract<ServiceAddresses, { caUrl: string }>): Map<RekorVersion, SigningConfig> {
  const service = (url: string, majorApiVersion: number, operator = ''): Service => ({
    url,
    majorApiVersion,
    validFor: {},
    operator,
  });
  const plan = (version: RekorVersion, url: string): SigningConfig => ({
    caUrls: [service(caUrl, 1)],
    oidcUrls: [],
    rekorTlogUrls: [service(url, version)],
    rekorTlogConfig: { selector: 'ALL' },
    // One of each operator would be asked: here every one is.
    tsaUrls: tsaUrls.map((tsaUrl) => service(tsaUrl, 1, tsaUrl)),
    ...(tsaUrls.length > 0 && { tsaConfig: { selector: 'ALL' } }),
  });
  const plans = new Map<RekorVersion, SigningConfig>();
  if (rekorUrl !== undefined) plans.set(1, plan(1, rekorUrl));
  if (rekorV2Url !== undefined) plans.set(2, plan(2, rekorV2Url));
  return plans;
}

async function readSigningConfig(path: string): Promise<SigningConfig> {
  try {
    return parseSigningConfig(await readFile(path));
  } catch (cause) {
    if (!(cause instanceof TrustError) && (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new ConfigError(`signing config ${path} is not usable: ${(cause as Error).message}`, { cause });
  }
}
