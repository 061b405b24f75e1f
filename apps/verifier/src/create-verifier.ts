import { LogProofs } from '@sigstead/image-evidence';
import type { Fetch } from '@sigstead/oci';
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
import { createPool } from '@sigstead/postgres';
import { MAX_POLICY_BYTES } from '@sigstead/verification/policy-documents';
import { AdmissionDesk } from './admission/admission-desk.ts';
import { AdmissionMetrics } from './admission/admission-metrics.ts';
import { MAX_REVIEW_BYTES } from './admission/admission-review.ts';
import { AppModule } from './app.module.ts';
import { ArtifactVerifier } from './artifact-verifier.ts';
import { BlobDesk } from './blob/blob-desk.ts';
import {
  DEFAULT_ADMISSION,
  DEFAULT_MAX_BLOB_BYTES,
  DEFAULT_MAX_UPLOADS,
  DEFAULT_TIMEOUTS_MS,
  type VerifierConfig,
} from './config.ts';
import { explain } from './explain.ts';
import { MAX_BATCH_BYTES, MAX_REQUEST_BYTES } from './http/verify-request.ts';
import { ImageVerifier } from './image-verifier.ts';
import { BindingStore } from './policies/binding-store.ts';
import { MAX_BINDING_BYTES } from './policies/http/bindings.controller.ts';
import { MAX_DRY_RUN_BYTES } from './policies/http/dry-run.controller.ts';
import { NamedPolicies } from './policies/named-policies.ts';
import { PolicyAdministration, type StoredPolicies } from './policies/policy-administration.ts';
import { PolicyStore } from './policies/policy-store.ts';
import { PolicyWriters } from './policies/policy-writers.ts';
import { TrustFiles } from './trust-files.ts';
import { DEFAULT_VERDICT_CACHE, VerdictCache } from './verdicts/verdict-cache.ts';
import { VerdictMetrics } from './verdicts/verdict-metrics.ts';
import { VerificationDesk } from './verification-desk.ts';
import { VerifierTrust } from './verifier-trust.ts';

export interface VerifierDependencies {
  readonly clock: () => Date;
  /** Towards the log, TUF mirrors and the service of revocations. */
  readonly fetch: Fetch;
  /** For the helpers that docker's configuration names. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log?: Log;
  /** For metrics; one of its own unless given. */
  readonly registry?: Service['registry'];
}

/** A review waits for one statement; together these stay below the time it has. */
const DATABASE_LIMITS = { max: 8, connectTimeoutMs: 3_000, statementTimeoutMs: 3_000 };

/**
 * The verifier as a service that is not listening yet. Dials nobody to start: a dead database keeps policies away, and nothing else.
 *
 * @throws ConfigError when the trusted root or the tokens of policy administrators cannot be used
 */
export async function createVerifier(
  config: VerifierConfig,
  dependencies: VerifierDependencies,
): Promise<Service> {
  const { clock, fetch, log = createLog('verifier'), registry = createRegistry() } = dependencies;
  const trust = await VerifierTrust.open(config, { clock, fetch, log });
  const rules = new RegistryRules({
    allowed: config.allowedRegistries,
    insecure: config.insecureRegistries,
    tokenHosts: config.registryTokenHosts,
  });
  const guarded = createGuardedFetch((host) => rules.isNamed(host));
  const timeoutMs = config.logTimeoutMs ?? DEFAULT_TIMEOUTS_MS.log;
  const proofs =
    config.rekorUrl === undefined ? undefined : new LogProofs({ baseUrl: config.rekorUrl, fetch, timeoutMs });
  const metrics = new VerdictMetrics(registry);
  const verdictCache = config.verdictCache ?? DEFAULT_VERDICT_CACHE;
  const verifier = new ImageVerifier({
    trust,
    cache: new VerdictCache(verdictCache),
    policyCache: new VerdictCache(verdictCache),
    metrics,
    rules,
    registryFetch: guarded.fetch,
    credentials:
      config.dockerConfigFile === undefined
        ? undefined
        : registryCredentials({
            environment: dependencies.environment ?? {},
            configFile: config.dockerConfigFile,
            helperTimeoutMs: config.registryTimeoutMs ?? DEFAULT_TIMEOUTS_MS.registry,
          }),
    proofs,
    clock,
    config,
  });
  const writers =
    config.policyAdminTokenFile === undefined
      ? PolicyWriters.none
      : PolicyWriters.fromFile(config.policyAdminTokenFile);
  const store = config.databaseUrl === undefined ? undefined : openStore(config.databaseUrl, clock, log);
  const administration = new PolicyAdministration(store?.stored, writers);
  const artifacts = new ArtifactVerifier({ trust, clock, metrics, config });
  const desk = new AdmissionDesk({
    verifier,
    policiesOf: async (namespace) => administration.stored.named.ofNamespace(namespace),
    log,
    unmatched: config.admission?.unmatched ?? DEFAULT_ADMISSION.unmatched,
    timeoutMs: config.admission?.timeoutMs ?? DEFAULT_ADMISSION.timeoutMs,
    concurrency: config.admission?.concurrency ?? DEFAULT_ADMISSION.concurrency,
  });
  return createService({
    name: 'verifier',
    module: AppModule.of({
      verifier,
      artifacts,
      verification: new VerificationDesk(verifier, artifacts, administration),
      blobs: new BlobDesk({
        maxBlobBytes: config.maxBlobBytes ?? DEFAULT_MAX_BLOB_BYTES,
        maxUploads: config.maxUploads ?? DEFAULT_MAX_UPLOADS,
        idleMs: BLOB_IDLE_MS,
      }),
      files: new TrustFiles(config.trustDirectory),
      administration,
      desk,
      metrics: new AdmissionMetrics(registry),
    }),
    faces,
    explain,
    checks: {
      'trusted-root': async () => trust.assertUsable(clock()),
      ...(config.revocations && { revocations: async () => trust.assertRevocations() }),
      ...(store === undefined ? {} : { policies: () => store.stored.policies.check() }),
    },
    log,
    registry,
    onClose: async () => {
      guarded.close();
      await trust.close();
      await store?.close();
    },
  });
}

/** An upload that stands still holds a connection. */
const BLOB_IDLE_MS = 30_000;

/** Everything that is kept in the database. */
function openStore(
  url: string,
  clock: () => Date,
  log: Log,
): { readonly stored: StoredPolicies; close(): Promise<void> } {
  const pool = createPool({
    ...DATABASE_LIMITS,
    url,
    applicationName: 'sigstead-verifier',
    onIdleError: (error) => log.warn('an idle database connection was lost', { error }),
  });
  const policies = new PolicyStore(pool, clock);
  const bindings = new BindingStore(pool, clock);
  const named = new NamedPolicies(policies, bindings);
  return { stored: { policies, bindings, named }, close: () => pool.end() };
}

const JSON_ONLY = { errors: problemJsonErrors, mediaTypes: ['application/json'] };

const faces: readonly Face[] = [
  { prefix: '/api/v1/verify', ...JSON_ONLY, bodyLimit: MAX_REQUEST_BYTES },
  { prefix: '/api/v1/verify/batch', ...JSON_ONLY, bodyLimit: MAX_BATCH_BYTES },
  { prefix: '/api/v1/verify/blob', errors: problemJsonErrors, bodyLimit: 0, stream: true },
  { prefix: '/api/v1/policies', ...JSON_ONLY, bodyLimit: MAX_POLICY_BYTES },
  { prefix: '/api/v1/policies/dry-run', ...JSON_ONLY, bodyLimit: MAX_DRY_RUN_BYTES },
  { prefix: '/api/v1/policy-bindings', ...JSON_ONLY, bodyLimit: MAX_BINDING_BYTES },
  { prefix: '/admission', ...JSON_ONLY, bodyLimit: MAX_REVIEW_BYTES },
  { prefix: '/trust', errors: problemJsonErrors, bodyLimit: 0 },
  { prefix: '/verifier', errors: problemJsonErrors, bodyLimit: 0 },
];
