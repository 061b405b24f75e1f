import { databaseUrlOf } from '@sigstead/postgres';
import { registryPattern } from '@sigstead/registry-access';
import { setting } from '@sigstead/server';
import { z } from 'zod';

/** Where the services are dialled, or the signing configs that say so. */
export type ServiceAddresses =
  | {
      readonly caUrl: string;
      /** Rekor v1 and v2 logs; at least one. */
      readonly rekorUrl?: string | undefined;
      readonly rekorV2Url?: string | undefined;
      /** Whole URLs of timestamp authorities, all of which are asked. Needed for Rekor v2. */
      readonly tsaUrls?: readonly string[] | undefined;
    }
  /** Signing configs v0.2, of one Rekor version each. The first one is the default. */
  | { readonly signingConfigFiles: readonly string[] };

export interface SignerConfig {
  readonly services: ServiceAddresses;
  /** For requests that name none; that of the first log unless told. */
  readonly rekorVersion?: 1 | 2 | undefined;
  /** What every answer is verified against. */
  readonly trustedRootFile: string;
  /** `host`, `host:port` or `*.domain`, with `/repository/prefix` if wanted. None: any registry on the public internet. */
  readonly allowedRegistries?: readonly string[];
  /** `host:port` or `host:*` spoken to without TLS, on whatever address. */
  readonly insecureRegistries?: readonly string[];
  /** Registries with the host of their token service, where that is another one. It may be private and is given their credentials. */
  readonly registryTokenHosts?: readonly (readonly [registry: string, host: string])[];
  /** Docker's configuration with the credentials of the service itself, read anew each time. They serve whoever may sign. */
  readonly dockerConfigFile?: string | undefined;
  /** Connects as the service role, which records and reads. Undefined: nothing is recorded, and no retry is recognised. */
  readonly databaseUrl: string | undefined;
  readonly limits?: Partial<SignerLimits>;
}

export interface SignerLimits {
  /** For each call with its whole answer, milliseconds. */
  readonly caTimeoutMs: number;
  readonly rekorTimeoutMs: number;
  readonly tsaTimeoutMs: number;
  readonly registryTimeoutMs: number;
  /** How long a request is known by its Idempotency-Key. */
  readonly idempotencyHours: number;
  /** How long one waits for another of the same key. */
  readonly idempotencyWaitMs: number;
  readonly maxArtifacts: number;
  readonly maxRequestBytes: number;
  readonly maxBlobBytes: number;
  readonly maxUploads: number;
  /** An upload that brings nothing for so long is given up. */
  readonly uploadStallMs: number;
  /** Of one identity, in this process. */
  readonly artifactsPerMinute: number;
  readonly artifactBurst: number;
  readonly maxRequests: number;
  /** Under way at once, of all requests together. */
  readonly maxSignatures: number;
}

/** Longer than a busy authority or log takes, shorter than a caller's patience. */
const TIMEOUT_MS = 15_000;

export const DEFAULT_LIMITS: SignerLimits = {
  caTimeoutMs: TIMEOUT_MS,
  rekorTimeoutMs: TIMEOUT_MS,
  tsaTimeoutMs: TIMEOUT_MS,
  registryTimeoutMs: TIMEOUT_MS,
  idempotencyHours: 24,
  idempotencyWaitMs: 20_000,
  maxArtifacts: 1000,
  maxRequestBytes: 16 * 1024 * 1024,
  maxBlobBytes: 16 * 1024 * 1024 * 1024,
  maxUploads: 8,
  uploadStallMs: 30_000,
  artifactsPerMinute: 600,
  artifactBurst: 1200,
  maxRequests: 128,
  maxSignatures: 32,
};

const SERVICE_URLS = ['CA_URL', 'REKOR_URL', 'REKOR_V2_URL', 'TSA_URLS'] as const;

/** The environment of the service. */
export const environmentSchema = z
  .object({
    PORT: setting.port(4000),
    /** Loopback unless told. */
    HOST: setting.host(),
    /** Each as it is dialled; in the place of all four may stand SIGNING_CONFIG_FILES. */
    CA_URL: setting.url().optional(),
    REKOR_URL: setting.url().optional(),
    REKOR_V2_URL: setting.url().optional(),
    /** Whole URLs, `/api/v1/timestamp` included. */
    TSA_URLS: setting.list().pipe(z.array(setting.url())),
    SIGNING_CONFIG_FILES: setting.list(),
    /** For requests that name no version. Unless set: 1 where there is a log of that version. */
    REKOR_VERSION: z.enum(['1', '2']).optional(),
    TRUSTED_ROOT_FILE: setting.file(),
    /** Empty: any registry on the public internet, over https. */
    ALLOWED_REGISTRIES: setting.list().pipe(z.array(registryPattern.allowed)),
    /** Unsafe: plain http, private addresses allowed. For development registries. */
    ALLOW_INSECURE_REGISTRIES: setting.list().pipe(z.array(registryPattern.insecure)),
    /** `registry=host` where tokens are given out by another host, which is then trusted with the registry's credentials. */
    REGISTRY_TOKEN_HOSTS: setting.list().pipe(z.array(registryPattern.tokenHost)),
    /**
     * Docker's `config.json`, for registries that a request brings no credentials for. They serve everybody whom the authority
     * certifies: give them to a service whose issuers and ALLOWED_REGISTRIES are your own.
     */
    DOCKER_CONFIG_FILE: setting.file().optional(),
    /** postgres://role:password@host/database, or without the password, which is then in the file. */
    DATABASE_URL: z.string().min(1).optional(),
    DATABASE_PASSWORD_FILE: setting.file().optional(),
    /** Signs without leaving a record of who signed what. Said aloud, since nobody notices what is missing. */
    ALLOW_NO_RECORD: setting.flag(false),
    CA_TIMEOUT_MS: setting.positive(DEFAULT_LIMITS.caTimeoutMs),
    REKOR_TIMEOUT_MS: setting.positive(DEFAULT_LIMITS.rekorTimeoutMs),
    TSA_TIMEOUT_MS: setting.positive(DEFAULT_LIMITS.tsaTimeoutMs),
    REGISTRY_TIMEOUT_MS: setting.positive(DEFAULT_LIMITS.registryTimeoutMs),
    /** A day: pipelines are run again the next morning at the latest. */
    IDEMPOTENCY_HOURS: setting.positive(DEFAULT_LIMITS.idempotencyHours),
    MAX_ARTIFACTS: setting.positive(DEFAULT_LIMITS.maxArtifacts),
    /** Holds the largest bill of materials that a log takes. */
    MAX_REQUEST_BYTES: setting.positive(DEFAULT_LIMITS.maxRequestBytes),
    MAX_BLOB_BYTES: setting.positive(DEFAULT_LIMITS.maxBlobBytes),
    MAX_UPLOADS: setting.positive(DEFAULT_LIMITS.maxUploads),
    UPLOAD_STALL_MS: setting.positive(DEFAULT_LIMITS.uploadStallMs),
    ARTIFACTS_PER_MINUTE: setting.positive(DEFAULT_LIMITS.artifactsPerMinute),
    ARTIFACT_BURST: setting.positive(DEFAULT_LIMITS.artifactBurst),
    MAX_REQUESTS: setting.positive(DEFAULT_LIMITS.maxRequests),
    MAX_SIGNATURES: setting.positive(DEFAULT_LIMITS.maxSignatures),
  })
  .superRefine((environment, context) => {
    const report = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    const recorded = environment.DATABASE_URL !== undefined;
    if (!recorded && !environment.ALLOW_NO_RECORD)
      report('DATABASE_URL', 'is required, or ALLOW_NO_RECORD=true to sign without a record');
    if (recorded && environment.ALLOW_NO_RECORD) report('ALLOW_NO_RECORD', 'contradicts DATABASE_URL');
    const given = SERVICE_URLS.filter((name) => (environment[name] ?? []).length > 0);
    if (environment.SIGNING_CONFIG_FILES.length > 0) {
      if (given.length > 0) report('SIGNING_CONFIG_FILES', `has no meaning with ${given.join(' and ')}`);
      return;
    }
    if (environment.CA_URL === undefined) report('CA_URL', 'is required, or SIGNING_CONFIG_FILES');
    if (environment.REKOR_URL === undefined && environment.REKOR_V2_URL === undefined)
      report('REKOR_URL', 'is required, or REKOR_V2_URL, or SIGNING_CONFIG_FILES');
    if (environment.REKOR_V2_URL !== undefined && environment.TSA_URLS.length === 0)
      report('TSA_URLS', 'is required with REKOR_V2_URL, which gives no time');
  })
  .transform((environment, context) => ({
    host: environment.HOST,
    port: environment.PORT,
    service: {
      services:
        environment.SIGNING_CONFIG_FILES.length > 0
          ? { signingConfigFiles: environment.SIGNING_CONFIG_FILES }
          : {
              caUrl: environment.CA_URL ?? '',
              rekorUrl: environment.REKOR_URL,
              rekorV2Url: environment.REKOR_V2_URL,
              tsaUrls: environment.TSA_URLS,
            },
      rekorVersion:
        environment.REKOR_VERSION === undefined ? undefined : environment.REKOR_VERSION === '1' ? 1 : 2,
      trustedRootFile: environment.TRUSTED_ROOT_FILE,
      allowedRegistries: environment.ALLOWED_REGISTRIES,
      insecureRegistries: environment.ALLOW_INSECURE_REGISTRIES,
      registryTokenHosts: environment.REGISTRY_TOKEN_HOSTS,
      dockerConfigFile: environment.DOCKER_CONFIG_FILE,
      databaseUrl:
        environment.DATABASE_URL === undefined ? undefined : databaseUrlOf(environment, 'DATABASE', context),
      limits: {
        caTimeoutMs: environment.CA_TIMEOUT_MS,
        rekorTimeoutMs: environment.REKOR_TIMEOUT_MS,
        tsaTimeoutMs: environment.TSA_TIMEOUT_MS,
        registryTimeoutMs: environment.REGISTRY_TIMEOUT_MS,
        idempotencyHours: environment.IDEMPOTENCY_HOURS,
        idempotencyWaitMs: DEFAULT_LIMITS.idempotencyWaitMs,
        maxArtifacts: environment.MAX_ARTIFACTS,
        maxRequestBytes: environment.MAX_REQUEST_BYTES,
        maxBlobBytes: environment.MAX_BLOB_BYTES,
        maxUploads: environment.MAX_UPLOADS,
        uploadStallMs: environment.UPLOAD_STALL_MS,
        artifactsPerMinute: environment.ARTIFACTS_PER_MINUTE,
        artifactBurst: environment.ARTIFACT_BURST,
        maxRequests: environment.MAX_REQUESTS,
        maxSignatures: environment.MAX_SIGNATURES,
      },
    } satisfies SignerConfig,
  }));
