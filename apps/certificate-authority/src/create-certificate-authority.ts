import { readFile } from 'node:fs/promises';
import { CtClient } from '@sigstead/client';
import { PublicKey } from '@sigstead/crypto';
import { IssuerPool, parseIssuerConfigs, type Fetch } from '@sigstead/oidc';
import {
  createLog,
  createRegistry,
  createService,
  googleStatusErrors,
  type Face,
  type Log,
  type Service,
  type ServiceOptions,
} from '@sigstead/server';
import { appModule } from './app.module.ts';
import { CertificateLog } from './certificate-log.ts';
import type { CertificateAuthorityConfig } from './config.ts';
import { explainIssuanceError } from './issuance-error.ts';
import { IssuingAuthority, LIFETIME_MS, usable } from './issuing-authority.ts';
import { FulcioMetrics } from './metrics.ts';
import { MAX_REQUEST_BYTES } from './signing-request.ts';

const FACE: Face = {
  prefix: '/',
  bodyLimit: MAX_REQUEST_BYTES,
  errors: googleStatusErrors,
  methodNotAllowed: 501,
};

export interface CertificateAuthorityDependencies {
  readonly clock: () => Date;
  readonly fetch: Fetch;
  /** From a cryptographic source: serial numbers must not be guessable. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly log?: Log;
  /** Shared with other services of one process; one of its own unless given. */
  readonly registry?: NonNullable<ServiceOptions['registry']>;
}

/**
 * The certificate authority as a service. Dials nobody to start: neither a dead issuer nor a dead log keeps it down.
 *
 * @throws ConfigError when a file is unusable or key, chain and time do not fit together
 */
export async function createCertificateAuthority(
  config: CertificateAuthorityConfig,
  dependencies: CertificateAuthorityDependencies,
): Promise<Service> {
  const {
    clock,
    fetch,
    randomBytes,
    log = createLog('certificate-authority'),
    registry = createRegistry(),
  } = dependencies;
  const authority = await IssuingAuthority.open(config, clock());
  const logKey = await usable('CT log key', config.ctPublicKeyFile, async (path) =>
    PublicKey.fromPem(await readFile(path, 'utf8')),
  );
  const issuers = await usable('list of issuers', config.issuersFile, async (path) => {
    const configs = parseIssuerConfigs(await readFile(path));
    return new IssuerPool(configs, { fetch, clock, timeoutMs: config.issuerTimeoutMs });
  });
  const client = new CtClient({ baseUrl: config.ctLogUrl, fetch, timeoutMs: config.ctTimeoutMs });
  const context = { issuers, authority, log: new CertificateLog(client, logKey), clock, randomBytes };
  return createService({
    name: 'certificate-authority',
    module: appModule(context, new FulcioMetrics(registry), log),
    faces: [FACE, { ...FACE, prefix: '/api', cors: true }],
    explain: explainIssuanceError,
    checks: {
      chain: async () => {
        const now = clock();
        authority.assertCovers(now, new Date(now.getTime() + LIFETIME_MS));
        return `valid until ${authority.notAfter.toISOString()}`;
      },
    },
    log,
    registry,
  });
}
