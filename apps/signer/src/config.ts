import { setting } from '@sigstead/server';
import { z } from 'zod';
import { registryPattern } from '@sigstead/registry-access';

export interface SignerConfig {
  /** Certificate authority, as it is dialled. */
  readonly caUrl: string;
  /** Rekor v1 log, as it is dialled. */
  readonly rekorUrl: string;
  /** What every answer is verified against. */
  readonly trustedRootFile: string;
  /** `host`, `host:port` or `*.domain`, with `/repository/prefix` if wanted. None: any registry on the public internet. */
  readonly allowedRegistries?: readonly string[];
  /** `host:port` or `host:*` spoken to without TLS, on whatever address. */
  readonly insecureRegistries?: readonly string[];
  /** For each call with its whole answer, milliseconds. */
  readonly caTimeoutMs?: number;
  readonly rekorTimeoutMs?: number;
  readonly registryTimeoutMs?: number;
}

/** Longer than a busy authority or log takes, shorter than a caller's patience. */
export const DEFAULT_TIMEOUT_MS = 15_000;

/** The environment of the service. */
export const environmentSchema = z
  .object({
    PORT: setting.port(4000),
    /** Loopback unless told. */
    HOST: setting.host(),
    CA_URL: setting.url(),
    REKOR_URL: setting.url(),
    TRUSTED_ROOT_FILE: setting.file(),
    /** Empty: any registry on the public internet, over https. */
    ALLOWED_REGISTRIES: setting.list().pipe(z.array(registryPattern.allowed)),
    /** Unsafe: plain http, private addresses allowed. For development registries. */
    ALLOW_INSECURE_REGISTRIES: setting.list().pipe(z.array(registryPattern.insecure)),
    CA_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUT_MS),
    REKOR_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUT_MS),
    REGISTRY_TIMEOUT_MS: setting.positive(DEFAULT_TIMEOUT_MS),
  })
  .transform((environment) => ({
    host: environment.HOST,
    port: environment.PORT,
    service: {
      caUrl: environment.CA_URL,
      rekorUrl: environment.REKOR_URL,
      trustedRootFile: environment.TRUSTED_ROOT_FILE,
      allowedRegistries: environment.ALLOWED_REGISTRIES,
      insecureRegistries: environment.ALLOW_INSECURE_REGISTRIES,
      caTimeoutMs: environment.CA_TIMEOUT_MS,
      rekorTimeoutMs: environment.REKOR_TIMEOUT_MS,
      registryTimeoutMs: environment.REGISTRY_TIMEOUT_MS,
    } satisfies SignerConfig,
  }));
