import { databaseUrlOf } from '@sigstead/postgres';
import { registryPattern } from '@sigstead/registry-access';
import { checkTlsSettings, setting, tlsConfigOf, tlsSettings } from '@sigstead/server';
import type { RevocationsSpec } from '@sigstead/trust-access';
import { z } from 'zod';
import { DEFAULT_VERDICT_CACHE, type VerdictCacheSettings } from './verdicts/verdict-cache.ts';

export interface VerifierConfig {
  /** The trusted root everything is judged by. A file given by whoever runs the verifier, never fetched from a service. */
  readonly trustedRootFile?: string | undefined;
  /** List of trust roots, in place of the one file. */
  readonly trustRootsFile?: string | undefined;
  /** Where what TUF mirrors and the revocation service said is kept for the next start; absent: nowhere. */
  readonly trustCacheDirectory?: string | undefined;
  /** No TUF mirror is dialled, nor the service of revocations. */
  readonly trustOffline?: boolean | undefined;
  /** Absent: nothing counts as revoked. */
  readonly revocations?: RevocationsSpec | undefined;
  /** How often the list is asked for; every 5 minutes unless told. */
  readonly revocationsRefreshMs?: number | undefined;
  /** Folder of the trust files served under /trust/; absent: none are served. */
  readonly trustDirectory?: string | undefined;
  /** Rekor v1 log that is asked for the inclusion proofs `.sig` layers lack; absent: none are fetched. */
  readonly rekorUrl?: string | undefined;
  /** Whether the log's inclusion promise is too little where there is no proof; true unless told. */
  readonly requireInclusionProof?: boolean | undefined;
  /** `host`, `host:port` or `*.domain`, with `/repository/prefix` if wanted. None: any registry on the public internet. */
  readonly allowedRegistries?: readonly string[] | undefined;
  /** `host:port` or `host:*` spoken to without TLS, on whatever address. */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Registries with the host of their token service, where that is another one. It may be private and is given their credentials. */
  readonly registryTokenHosts?: readonly (readonly [registry: string, host: string])[] | undefined;
  /** Docker's configuration with the credentials of registries; absent: none are sent. */
  readonly dockerConfigFile?: string | undefined;
  /** For one request to a registry with its answer, milliseconds. */
  readonly registryTimeoutMs?: number | undefined;
  /** For one request to the log with its answer. */
  readonly logTimeoutMs?: number | undefined;
  /** For everything one verification reads. */
  readonly verifyTimeoutMs?: number | undefined;
  readonly verdictCache?: VerdictCacheSettings | undefined;
  /** Largest blob taken for verification. */
  readonly maxBlobBytes?: number | undefined;
  /** Uploads of blobs under way at once. */
  readonly maxUploads?: number | undefined;
  /** Where policies are kept by name; connects as the service role. Absent: there are none. */
  readonly databaseUrl?: string | undefined;
  /** Tokens of those who may change policies, see `PolicyWriters`. Absent: nobody may. */
  readonly policyAdminTokenFile?: string | undefined;
  readonly admission?: AdmissionConfig | undefined;
}

/** How the admission webhook behaves. */
export interface AdmissionConfig {
  /** What becomes of images that no policy is about; `deny` unless told. */
  readonly unmatched?: 'deny' | 'allow' | undefined;
  /** For one review; less than the webhook's `timeoutSeconds`. */
  readonly timeoutMs?: number | undefined;
  /** How many images are looked at together. */
  readonly concurrency?: number | undefined;
}

/** Hashed as it comes and never kept, so this bounds patience and not memory. */
export const DEFAULT_MAX_BLOB_BYTES = 16 * 1024 ** 3;

/** An upload holds at most 6 MiB: the bundle, and a blob small enough to be kept for pure Ed25519. */
export const DEFAULT_MAX_UPLOADS = 64;

export const DEFAULT_REVOCATIONS_REFRESH_MS = 300_000;

export const DEFAULT_TIMEOUTS_MS = { registry: 10_000, log: 5_000, verify: 30_000 } as const;

export const DEFAULT_ADMISSION = { unmatched: 'deny', timeoutMs: 8_000, concurrency: 8 } as const;

/** The environment of the service. */
export const environmentSchema = z
  .object({
    TRUSTED_ROOT_FILE: setting.file().optional(),
    /** In place of TRUSTED_ROOT_FILE: a file that lists several, in YAML or JSON; see libs/trust-access. */
    TRUST_ROOTS_FILE: setting.file().optional(),
    TRUST_CACHE_DIRECTORY: setting.file().optional(),
    /** What was kept or ships with the program is used, however old. */
    TRUST_OFFLINE: setting.flag(false),
    REVOCATIONS_FILE: setting.file().optional(),
    REVOCATIONS_URL: setting.url().optional(),
    /** With one of the two above. */
    REVOCATIONS_PUBLIC_KEY_FILE: setting.file().optional(),
    /** `require`: nothing is verified without a fresh list; `warn`: the last one counts, and readiness tells. */
    REVOCATIONS_WHEN_STALE: z.enum(['require', 'warn']).default('require'),
    /** What is revoked counts after this long at the latest. */
    REVOCATIONS_REFRESH_MS: setting.positive(DEFAULT_REVOCATIONS_REFRESH_MS),
    TRUST_DIRECTORY: setting.file().optional(),
    REKOR_URL: setting.url().optional(),
    /** A promise says the log will include the entry, a proof that it did. */
    REQUIRE_INCLUSION_PROOF: setting.flag(true),
    /** Empty: any registry on the public internet, over https. A registry named word for word may be on a private address. */
    ALLOWED_REGISTRIES: setting.list().pipe(z.array(registryPattern.allowed)),
    /** Unsafe: plain http, private addresses allowed. For development registries. */
    ALLOW_INSECURE_REGISTRIES: setting.list().pipe(z.array(registryPattern.insecure)),
    /** `registry=host` where tokens are given out by another host, which is then trusted with the registry's credentials. */
    REGISTRY_TOKEN_HOSTS: setting.list().pipe(z.array(registryPattern.tokenHost)),
    /** Docker's `config.json`: `auths`, `credHelpers`, `credsStore`. Read anew when it changes. */
    DOCKER_CONFIG_FILE: setting.file().optional(),
    REGISTRY_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUTS_MS.registry),
    LOG_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUTS_MS.log),
    VERIFY_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUTS_MS.verify),
    /** How long an image that verified counts as verified, by digest, policy and trusted roots; 0 for not at all. */
    VERDICT_CACHE_MS: setting.natural(DEFAULT_VERDICT_CACHE.lifetimeMs),
    VERDICT_CACHE_ENTRIES: setting.positive(DEFAULT_VERDICT_CACHE.maxEntries),
    MAX_BLOB_BYTES: setting.positive(DEFAULT_MAX_BLOB_BYTES),
    /** More are answered 503: every one holds memory and a connection. */
    MAX_UPLOADS: setting.positive(DEFAULT_MAX_UPLOADS),
    /** postgres://role@host/database. Without it there are no named policies, and the webhook refuses everything. */
    DATABASE_URL: z.string().min(1).optional(),
    DATABASE_PASSWORD_FILE: setting.file().optional(),
    /** Without it policies are only read. */
    POLICY_ADMIN_TOKEN_FILE: setting.file().optional(),
    /** Closed by default: an image nobody thought of is not let in by that. */
    ADMISSION_UNMATCHED: z.enum(['deny', 'allow']).default(DEFAULT_ADMISSION.unmatched),
    /** Below the 10 s that an API server waits unless told, so that the person learns the reason. */
    ADMISSION_TIMEOUT_MS: setting.positive(DEFAULT_ADMISSION.timeoutMs),
    ADMISSION_CONCURRENCY: setting.positive(DEFAULT_ADMISSION.concurrency),
    HOST: setting.host(),
    PORT: setting.port(4100),
    /** Off unless set: HTTPS, which is all that an API server speaks to webhooks. */
    ...tlsSettings,
  })
  .superRefine((environment, context) => {
    const {
      TRUSTED_ROOT_FILE,
      TRUST_ROOTS_FILE,
      REVOCATIONS_FILE,
      REVOCATIONS_URL,
      REVOCATIONS_PUBLIC_KEY_FILE,
    } = environment;
    const refuse = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (TRUSTED_ROOT_FILE !== undefined && TRUST_ROOTS_FILE !== undefined)
      refuse('TRUST_ROOTS_FILE', 'cannot stand beside TRUSTED_ROOT_FILE');
    if (TRUSTED_ROOT_FILE === undefined && TRUST_ROOTS_FILE === undefined)
      refuse('TRUSTED_ROOT_FILE', 'is required');
    if (REVOCATIONS_FILE !== undefined && REVOCATIONS_URL !== undefined)
      refuse('REVOCATIONS_URL', 'cannot stand beside REVOCATIONS_FILE');
    const hasSource = REVOCATIONS_FILE !== undefined || REVOCATIONS_URL !== undefined;
    if (hasSource && REVOCATIONS_PUBLIC_KEY_FILE === undefined)
      refuse('REVOCATIONS_PUBLIC_KEY_FILE', 'is required');
    if (!hasSource && REVOCATIONS_PUBLIC_KEY_FILE !== undefined)
      refuse('REVOCATIONS_PUBLIC_KEY_FILE', 'needs REVOCATIONS_FILE or REVOCATIONS_URL');
  })
  .superRefine(checkTlsSettings)
  .superRefine((environment, context) => {
    if (environment.DATABASE_URL !== undefined) return;
    for (const name of ['DATABASE_PASSWORD_FILE', 'POLICY_ADMIN_TOKEN_FILE'] as const) {
      if (environment[name] === undefined) continue;
      context.addIssue({ code: 'custom', path: [name], message: 'has no meaning without DATABASE_URL' });
    }
  })
  .transform((environment, context) => ({
    host: environment.HOST,
    port: environment.PORT,
    tls: tlsConfigOf(environment),
    service: {
      trustedRootFile: environment.TRUSTED_ROOT_FILE,
      trustRootsFile: environment.TRUST_ROOTS_FILE,
      trustCacheDirectory: environment.TRUST_CACHE_DIRECTORY,
      trustOffline: environment.TRUST_OFFLINE,
      revocations: revocationsOf(environment),
      revocationsRefreshMs: environment.REVOCATIONS_REFRESH_MS,
      trustDirectory: environment.TRUST_DIRECTORY,
      rekorUrl: environment.REKOR_URL,
      requireInclusionProof: environment.REQUIRE_INCLUSION_PROOF,
      allowedRegistries: environment.ALLOWED_REGISTRIES,
      insecureRegistries: environment.ALLOW_INSECURE_REGISTRIES,
      registryTokenHosts: environment.REGISTRY_TOKEN_HOSTS,
      dockerConfigFile: environment.DOCKER_CONFIG_FILE,
      registryTimeoutMs: environment.REGISTRY_TIMEOUT_MS,
      logTimeoutMs: environment.LOG_TIMEOUT_MS,
      verifyTimeoutMs: environment.VERIFY_TIMEOUT_MS,
      verdictCache: {
        lifetimeMs: environment.VERDICT_CACHE_MS,
        maxEntries: environment.VERDICT_CACHE_ENTRIES,
      },
      maxBlobBytes: environment.MAX_BLOB_BYTES,
      maxUploads: environment.MAX_UPLOADS,
      databaseUrl:
        environment.DATABASE_URL === undefined ? undefined : databaseUrlOf(environment, 'DATABASE', context),
      policyAdminTokenFile: environment.POLICY_ADMIN_TOKEN_FILE,
      admission: {
        unmatched: environment.ADMISSION_UNMATCHED,
        timeoutMs: environment.ADMISSION_TIMEOUT_MS,
        concurrency: environment.ADMISSION_CONCURRENCY,
      },
    } satisfies VerifierConfig,
  }));

function revocationsOf(environment: {
  readonly REVOCATIONS_FILE?: string | undefined;
  readonly REVOCATIONS_URL?: string | undefined;
  readonly REVOCATIONS_PUBLIC_KEY_FILE?: string | undefined;
  readonly REVOCATIONS_WHEN_STALE: RevocationsSpec['whenStale'];
}): RevocationsSpec | undefined {
  const {
    REVOCATIONS_FILE: file,
    REVOCATIONS_URL: url,
    REVOCATIONS_PUBLIC_KEY_FILE: publicKeyFile,
  } = environment;
  if (publicKeyFile === undefined) return undefined;
  const whenStale = environment.REVOCATIONS_WHEN_STALE;
  if (file !== undefined) return { source: { file }, publicKeyFile, whenStale };
  return url === undefined ? undefined : { source: { url }, publicKeyFile, whenStale };
}
