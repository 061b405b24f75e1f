import type { Fetch } from '@sigstead/client';
import type { Fetch as RegistryFetch } from '@sigstead/oci';
import { createPool } from '@sigstead/postgres';
import { createGuardedFetch, registryCredentials, RegistryRules } from '@sigstead/registry-access';
import {
  createLog,
  createRegistry,
  createService,
  problemJsonErrors,
  type Face,
  type Log,
  type Service,
} from '@sigstead/server';
import type { Repeat } from '@sigstead/watched-file';
import type { Pool } from 'pg';
import { AppModule } from './app.module.ts';
import { DEFAULT_LIMITS, type SignerConfig, type SignerLimits } from './config.ts';
import { SigningDesk } from './desk/signing-desk.ts';
import { explain } from './http/explain.ts';
import { STATEMENT_MEDIA_TYPE } from './http/read-statement-order.ts';
import { noRecord, PostgresAuditRecord } from './record/audit-record.ts';
import { IdempotencyRecord } from './record/idempotency-record.ts';
import { ServicePlans } from './service-plans.ts';
import { TrustedRootFile } from './trusted-root-file.ts';

export interface SignerDependencies {
  readonly clock: () => Date;
  /** Towards certificate authority, logs and timestamp authorities. */
  readonly fetch: Fetch;
  /** Towards registries; unless given, one that refuses private addresses the configuration does not name. */
  readonly registryFetch?: RegistryFetch;
  /** When to look for a change of the trusted root; every two seconds unless told. */
  readonly repeat?: Repeat;
  /** For credential helpers that the docker configuration names. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly log?: Log;
  /** For metrics; one of its own unless given. */
  readonly registry?: Service['registry'];
}

/** A signature waits for a few statements; a database that hangs must not hang its caller. */
const DATABASE_LIMITS = { max: 8, connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 };

/**
 * The signer as a service that is not listening yet. It keeps no key and no token.
 *
 * @throws ConfigError when the trusted root or a signing config cannot be used
 */
export async function createSigner(config: SignerConfig, dependencies: SignerDependencies): Promise<Service> {
  const { clock, fetch, log = createLog('signer'), registry = createRegistry() } = dependencies;
  const limits = { ...DEFAULT_LIMITS, ...config.limits };
  const timeoutsMs = {
    certificate: limits.caTimeoutMs,
    timestamp: limits.tsaTimeoutMs,
    log: limits.rekorTimeoutMs,
  };
  const trustedRoot = await TrustedRootFile.open(config.trustedRootFile, log, dependencies.repeat);
  const plans = await ServicePlans.open(config, {
    fetch,
    timeoutsMs,
    trustedRoot: () => trustedRoot.current,
    clock,
  });
  const rules = new RegistryRules({
    allowed: config.allowedRegistries,
    insecure: config.insecureRegistries,
    tokenHosts: config.registryTokenHosts,
  });
  const guarded = createGuardedFetch((host) => rules.isNamed(host));
  const pool = config.databaseUrl === undefined ? undefined : openPool(config.databaseUrl, log);
  const audit = pool === undefined ? noRecord : new PostgresAuditRecord(pool, clock);
  const desk = new SigningDesk({
    plans,
    registries: {
      rules,
      fetch: dependencies.registryFetch ?? guarded.fetch,
      timeoutMs: limits.registryTimeoutMs,
      credentials:
        config.dockerConfigFile === undefined
          ? undefined
          : registryCredentials({
              environment: dependencies.environment ?? {},
              configFile: config.dockerConfigFile,
              helperTimeoutMs: limits.registryTimeoutMs,
            }),
      log,
    },
    audit,
    idempotency:
      pool &&
      new IdempotencyRecord({
        pool,
        clock,
        hours: limits.idempotencyHours,
        waitMs: limits.idempotencyWaitMs,
      }),
    limits,
    metricsRegistry: registry,
    clock,
    log,
  });
  return createService({
    name: 'signer',
    module: AppModule.of(desk, { limits, log }),
    faces: facesOf(limits),
    explain,
    checks: {
      'trusted-root': async () => trustedRoot.check(clock()),
      services: async () => void plans.choose(),
      record: () => audit.check(),
    },
    log,
    registry,
    onClose: async () => {
      await trustedRoot.close();
      guarded.close();
      await pool?.end();
    },
  });
}

function openPool(url: string, log: Log): Pool {
  return createPool({
    ...DATABASE_LIMITS,
    url,
    applicationName: 'sigstead-signer',
    onIdleError: (error) => log.warn('an idle database connection was lost', { error }),
  });
}

function facesOf({ maxRequestBytes }: SignerLimits): Face[] {
  const face = { bodyLimit: maxRequestBytes, errors: problemJsonErrors };
  return [
    { ...face, prefix: '/api/v1/sign', mediaTypes: ['application/json'] },
    { ...face, prefix: '/api/v1/sign/blob', stream: true },
    { ...face, prefix: '/api/v1/attest', mediaTypes: ['application/json', STATEMENT_MEDIA_TYPE] },
    { ...face, prefix: '/signer', bodyLimit: 0 },
  ];
}
