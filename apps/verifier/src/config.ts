import { registryPattern } from '@sigstead/registry-access';
import { setting } from '@sigstead/server';
import type { RevocationsSpec } from '@sigstead/trust-access';
import { z } from 'zod';

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
  /** For one request to a registry with its answer, milliseconds. */
  readonly registryTimeoutMs?: number | undefined;
  /** For one request to the log with its answer. */
  readonly logTimeoutMs?: number | undefined;
  /** For everything one verification reads. */
  readonly verifyTimeoutMs?: number | undefined;
}

export const DEFAULT_TIMEOUTS_MS = { registry: 10_000, log: 5_000, verify: 30_000 } as const;

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
    TRUST_DIRECTORY: setting.file().optional(),
    REKOR_URL: setting.url().optional(),
    /** A promise says the log will include the entry, a proof that it did. */
    REQUIRE_INCLUSION_PROOF: setting.flag(true),
    /** Empty: any registry on the public internet, over https. A registry named word for word may be on a private address. */
    ALLOWED_REGISTRIES: setting.list().pipe(z.array(registryPattern.allowed)),
    /** Unsafe: plain http, private addresses allowed. For development registries. */
    ALLOW_INSECURE_REGISTRIES: setting.list().pipe(z.array(registryPattern.insecure)),
    REGISTRY_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUTS_MS.registry),
    LOG_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUTS_MS.log),
    VERIFY_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUTS_MS.verify),
    HOST: setting.host(),
    PORT: setting.port(4100),
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
  .transform((environment) => ({
    host: environment.HOST,
    port: environment.PORT,
    service: {
      trustedRootFile: environment.TRUSTED_ROOT_FILE,
      trustRootsFile: environment.TRUST_ROOTS_FILE,
      trustCacheDirectory: environment.TRUST_CACHE_DIRECTORY,
      trustOffline: environment.TRUST_OFFLINE,
      revocations: revocationsOf(environment),
      trustDirectory: environment.TRUST_DIRECTORY,
      rekorUrl: environment.REKOR_URL,
      requireInclusionProof: environment.REQUIRE_INCLUSION_PROOF,
      allowedRegistries: environment.ALLOWED_REGISTRIES,
      insecureRegistries: environment.ALLOW_INSECURE_REGISTRIES,
      registryTimeoutMs: environment.REGISTRY_TIMEOUT_MS,
      logTimeoutMs: environment.LOG_TIMEOUT_MS,
      verifyTimeoutMs: environment.VERIFY_TIMEOUT_MS,
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
