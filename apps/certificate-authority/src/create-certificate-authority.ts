import { readFile } from 'node:fs/promises';
import { CtClient, type Fetch } from '@sigstead/client';
import { PublicKey } from '@sigstead/crypto';
import {
  createIssuerFetch,
  IssuerSource,
  type IssuerSourceOptions,
  type OwnedIssuerFetch,
} from '@sigstead/issuer-access';
import { createPool } from '@sigstead/postgres';
import {
  createLog,
  createRegistry,
  createService,
  googleStatusErrors,
  problemJsonErrors,
  type Face,
  type Log,
  type Service,
  type ServiceOptions,
} from '@sigstead/server';
import { appModule } from './app.module.ts';
import { CertificateLog } from './certificate-log.ts';
import type { CertificateAuthorityConfig } from './config.ts';
import { describeIssuers } from './describe-issuers.ts';
import { createGrpcServer } from './grpc/create-grpc-server.ts';
import type { GrpcFace } from './grpc/grpc-server.ts';
import { IssuanceDesk } from './issuance-desk.ts';
import { explainIssuanceError } from './issuance-error.ts';
import { IssuingAuthority, LIFETIME_MS, usable } from './issuing-authority.ts';
import { describeIssuerSource, measureIssuers } from './issuer-health.ts';
import { FulcioMetrics } from './metrics.ts';
import { IssuanceRecord } from './record/issuance-record.ts';
import { explainRecordError } from './record/record-error.ts';
import { recordModule } from './record/record.module.ts';
import { openRevocationKey, RevocationPublisher } from './revocation/revocation-publisher.ts';
import { RevocationRegister } from './revocation/revocation-register.ts';
import { MAX_REQUEST_BYTES } from './signing-request.ts';

const FACE: Face = {
  prefix: '/',
  bodyLimit: MAX_REQUEST_BYTES,
  errors: googleStatusErrors,
  methodNotAllowed: 501,
};

/** What the instance itself serves about its certificates; bodies have no place there. */
const RECORD_FACE: Face = { prefix: '/ca', bodyLimit: 1024, errors: problemJsonErrors, cors: true };

/** A certificate waits for one statement; together these stay below the 30 s that clients wait. */
const DATABASE_LIMITS = { max: 8, connectTimeoutMs: 5_000, statementTimeoutMs: 5_000 };

export interface CertificateAuthorityDependencies {
  readonly clock: () => Date;
  /** For the certificate transparency log. */
  readonly fetch: Fetch;
  /** Closed with the service; one of its own unless given. */
  readonly issuerFetch?: OwnedIssuerFetch;
  /** When to look for a change of the list of issuers, see {@link IssuerSourceOptions}. */
  readonly repeat?: IssuerSourceOptions['repeat'];
  /** From a cryptographic source: serial numbers must not be guessable. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly log?: Log;
  /** Shared with other services of one process; one of its own unless given. */
  readonly registry?: NonNullable<ServiceOptions['registry']>;
}

/** One service, two protocols: `listen` and `handle` are for HTTP, `grpc` is drained with them. */
export interface CertificateAuthority extends Service {
  readonly grpc: GrpcFace;
}

/**
 * The certificate authority as a service. Dials nobody to start: neither a dead issuer nor a dead log nor a dead database keeps
 * it down.
 *
 * @throws ConfigError when a file is unusable or key, chain and time do not fit together
 */
export async function createCertificateAuthority(
  config: CertificateAuthorityConfig,
  dependencies: CertificateAuthorityDependencies,
): Promise<CertificateAuthority> {
  const {
    clock,
    fetch,
    issuerFetch = createIssuerFetch(),
    repeat,
    randomBytes,
    log = createLog('certificate-authority'),
    registry = createRegistry(),
  } = dependencies;
  const authority =
    'keyFile' in config.authority
      ? await IssuingAuthority.open(config.authority, clock())
      : await IssuingAuthority.makeEphemeral(config.authority, clock(), randomBytes);
  const logKey = await usable('CT log key', config.ctPublicKeyFile, async (path) =>
    PublicKey.fromPem(await readFile(path, 'utf8')),
  );
  const revocationKey = await openRevocationKey(config.revocationKeyFile, config.revocationPassphraseFile);
  const pool = createPool({
    ...DATABASE_LIMITS,
    url: config.databaseUrl,
    applicationName: 'sigstead-certificate-authority',
    onIdleError: (error) => log.warn('an idle database connection was lost', { error }),
  });
  const record = new IssuanceRecord(pool);
  const register = new RevocationRegister(pool);
  const publisher = new RevocationPublisher({
    register,
    authority,
    signer: revocationKey,
    lifetimeSeconds: config.revocationLifetimeSeconds,
    clock,
  });
  const issuers = await usable('list of issuers', config.issuersFile, (path) =>
    IssuerSource.open(path, {
      fetch: issuerFetch,
      clock,
      timeoutMs: config.issuerTimeoutMs,
      log,
      ...(repeat === undefined ? {} : { repeat }),
    }),
  );
  const client = new CtClient({ baseUrl: config.ctLogUrl, fetch, timeoutMs: config.ctTimeoutMs });
  const context = { issuers, authority, log: new CertificateLog(client, logKey), record, clock, randomBytes };
  const metrics = new FulcioMetrics(registry);
  measureIssuers(registry, issuers);
  const desk = new IssuanceDesk(context, metrics, log);
  const service = await createService({
    name: 'certificate-authority',
    module: appModule(context, desk, metrics, recordModule(record, register, publisher)),
    faces: [FACE, { ...FACE, prefix: '/api', cors: true }, RECORD_FACE],
    explain: (error) => explainIssuanceError(error) ?? explainRecordError(error),
    checks: {
      chain: async () => {
        const now = clock();
        authority.assertCovers(now, new Date(now.getTime() + LIFETIME_MS));
        return `valid until ${authority.notAfter.toISOString()}`;
      },
      issuers: async () => describeIssuerSource(issuers.status()),
      database: () => record.check(),
      revocations: async () => `list until ${(await publisher.list()).nextUpdate.toISOString()}`,
    },
    log,
    registry,
    onClose: async () => {
      await issuers.close();
      await issuerFetch.close();
      await pool.end();
    },
  });
  const grpc = createGrpcServer({
    desk,
    authority,
    issuers: () => describeIssuers(issuers.current()),
    registry,
    log,
  });
  service.adopt(grpc);
  return Object.assign(service, { grpc });
}
