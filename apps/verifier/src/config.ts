import { registryPattern } from '@sigstead/registry-access';
import { setting } from '@sigstead/server';
import { z } from 'zod';

export interface VerifierConfig {
  /** The trusted root everything is judged by. A file given by whoever runs the verifier, never fetched from a service. */
  readonly trustedRootFile: string;
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
    TRUSTED_ROOT_FILE: setting.file(),
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
  .transform((environment) => ({
    host: environment.HOST,
    port: environment.PORT,
    service: {
      trustedRootFile: environment.TRUSTED_ROOT_FILE,
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
