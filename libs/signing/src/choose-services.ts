import { FulcioClient, RekorClient, RekorV2Client, TimestampClient, type Fetch } from '@sigstead/client';
import {
  selectServices,
  TrustError,
  type Service,
  type ServiceConfiguration,
  type SigningConfig,
  type TrustedRoot,
} from '@sigstead/trust';
import { SigningError } from './errors.ts';
import type { SigningLog, SigningServices } from './services.ts';

/** How the services of a signing config are reached, and by what their answers are judged. */
export interface ServiceAccess {
  readonly fetch: Fetch;
  /** For each call with its whole answer, milliseconds. */
  readonly timeoutsMs: { readonly certificate: number; readonly timestamp: number; readonly log: number };
  readonly trustedRoot: TrustedRoot;
  readonly clock: () => Date;
  readonly randomBytes?: (n: number) => Uint8Array;
}

const ONE: ServiceConfiguration = { selector: 'ANY' };
const REKOR_VERSIONS: readonly number[] = [1, 2];

/**
 * The services a signing config wants used right now, as sigstore-go chooses them. Cheap: to be asked for every signing event, since
 * the config's validity moves with time.
 *
 * @throws SigningError SERVICES when it names none that can be used
 */
export function chooseServices(config: SigningConfig, access: ServiceAccess): SigningServices {
  const { fetch, timeoutsMs, trustedRoot, clock, randomBytes } = access;
  const now = clock();
  const { caUrls, rekorTlogUrls, rekorTlogConfig, tsaUrls, tsaConfig } = config;
  const [ca] = caUrls.length === 0 ? [] : choose('certificate authority', caUrls, ONE, [1], now);
  const logs = choose('transparency log', rekorTlogUrls, rekorTlogConfig, REKOR_VERSIONS, now);
  const timestampAuthorities =
    tsaUrls.length === 0 ? [] : choose('timestamp authority', tsaUrls, tsaConfig, [1], now);
  const options = (url: string, timeoutMs: number) => ({ baseUrl: url, fetch, timeoutMs });
  return {
    ...(ca && { fulcio: new FulcioClient(options(ca.url, timeoutsMs.certificate)) }),
    logs: logs.map(({ url, majorApiVersion }): SigningLog => {
      const there = options(url, timeoutsMs.log);
      return majorApiVersion === 1
        ? { version: 1, client: new RekorClient(there) }
        : { version: 2, client: new RekorV2Client(there) };
    }),
    timestampAuthorities: timestampAuthorities.map(
      ({ url }) => new TimestampClient(options(url, timeoutsMs.timestamp)),
    ),
    trustedRoot,
    clock,
    ...(randomBytes && { randomBytes }),
  };
}

function choose(
  what: string,
  services: readonly Service[],
  configuration: ServiceConfiguration | undefined,
  versions: readonly number[],
  at: Date,
): Service[] {
  try {
    if (configuration === undefined) throw new TrustError('SELECTION', 'it does not say how many to use');
    return selectServices(services, configuration, versions, at);
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new SigningError('input', 'SERVICES', `signing config has no usable ${what}: ${cause.message}`, {
      cause,
    });
  }
}
