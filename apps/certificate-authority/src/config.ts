import { databaseUrlOf } from '@sigstead/postgres';
import { setting, type TlsFiles } from '@sigstead/server';
import { z } from 'zod';

export interface CertificateAuthorityConfig {
  /** PKCS#8 PEM of the issuing CA's key, encrypted. */
  readonly keyFile: string;
  readonly passphraseFile: string;
  /** PEM: the issuing CA first, its self-signed root last. */
  readonly chainFile: string;
  /** Certificate transparency log, up to but without `/ct/v1`. */
  readonly ctLogUrl: string;
  /** PEM of the log's public key: no timestamp is embedded that does not verify with it. */
  readonly ctPublicKeyFile: string;
  /** For one whole submission; after it the caller is told to come again. */
  readonly ctTimeoutMs: number;
  /** Fulcio's configuration of issuers, YAML or JSON, see `parseIssuerConfiguration` of @sigstead/oidc. Read again when it changes. */
  readonly issuersFile: string;
  /** For each document of an issuer. */
  readonly issuerTimeoutMs: number;
  /** Connects as the service role, which may record certificates and read revocations. */
  readonly databaseUrl: string;
  /** PKCS#8 PEM of the key that signs the list of revocations, encrypted; no key of the CA. */
  readonly revocationKeyFile: string;
  readonly revocationPassphraseFile: string;
  /** How long a CRL and a list of revocations are good for. */
  readonly revocationLifetimeSeconds: number;
}

/** Where TLS is listened for, and with what. */
export interface TlsConfig {
  readonly port: number;
  readonly files: TlsFiles;
}

const TLS_SETTINGS = ['TLS_PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE'] as const;

/** The environment of the service. */
export const environmentSchema = z
  .object({
    /** 5555, where Fulcio deployments listen; 0 picks a free port. */
    PORT: setting.port(5555),
    /** 5554, where Fulcio deployments have gRPC, without TLS; 0 picks a free port. */
    GRPC_PORT: setting.port(5554),
    /** Off unless set. HTTPS and gRPC on one port, told apart by what the client offers (ALPN). */
    TLS_PORT: setting.optionalPort(),
    /** PEM, certificate first. Read again when it changes, with the key. */
    TLS_CERT_FILE: setting.file().optional(),
    TLS_KEY_FILE: setting.file().optional(),
    /** Loopback unless told: a certificate authority is opened to others on purpose. */
    HOST: setting.host(),
    CA_KEY_FILE: setting.file(),
    CA_PASSPHRASE_FILE: setting.file(),
    CA_CHAIN_FILE: setting.file(),
    /** No default and no way to switch it off: every certificate carries a timestamp of the log. */
    CT_LOG_URL: setting.url(),
    CT_PUBLIC_KEY_FILE: setting.file(),
    /** Well below the 30 s that clients wait for a certificate, so that they learn the reason. */
    CT_TIMEOUT_MS: setting.positive(5_000),
    ISSUERS_FILE: setting.file(),
    /** Two documents may have to be fetched for one token. */
    ISSUER_TIMEOUT_MS: setting.positive(5_000),
    /** postgres://role:password@host/database, or without the password, which is then in the file. */
    DATABASE_URL: z.string().min(1),
    DATABASE_PASSWORD_FILE: setting.file().optional(),
    REVOCATION_KEY_FILE: setting.file(),
    REVOCATION_PASSPHRASE_FILE: setting.file(),
    /** A day: whoever keeps newer lists from a verifier gains no more. At most 30 days, at least a minute. */
    REVOCATION_LIFETIME_SECONDS: setting.positive(86_400).pipe(z.number().min(60).max(2_592_000)),
  })
  .superRefine((environment, context) => {
    const set = TLS_SETTINGS.filter((name) => environment[name] !== undefined);
    if (set.length === 0) return;
    for (const name of TLS_SETTINGS) {
      if (environment[name] !== undefined) continue;
      context.addIssue({ code: 'custom', path: [name], message: `is required with ${set.join(' and ')}` });
    }
  })
  .transform((environment, context) => ({
    host: environment.HOST,
    port: environment.PORT,
    grpcPort: environment.GRPC_PORT,
    tls: tlsOf(environment),
    service: {
      keyFile: environment.CA_KEY_FILE,
      passphraseFile: environment.CA_PASSPHRASE_FILE,
      chainFile: environment.CA_CHAIN_FILE,
      ctLogUrl: environment.CT_LOG_URL,
      ctPublicKeyFile: environment.CT_PUBLIC_KEY_FILE,
      ctTimeoutMs: environment.CT_TIMEOUT_MS,
      issuersFile: environment.ISSUERS_FILE,
      issuerTimeoutMs: environment.ISSUER_TIMEOUT_MS,
      databaseUrl: databaseUrlOf(environment, 'DATABASE', context),
      revocationKeyFile: environment.REVOCATION_KEY_FILE,
      revocationPassphraseFile: environment.REVOCATION_PASSPHRASE_FILE,
      revocationLifetimeSeconds: environment.REVOCATION_LIFETIME_SECONDS,
    } satisfies CertificateAuthorityConfig,
  }));

function tlsOf({
  TLS_PORT: port,
  TLS_CERT_FILE: certificateFile,
  TLS_KEY_FILE: keyFile,
}: {
  readonly TLS_PORT?: number | undefined;
  readonly TLS_CERT_FILE?: string | undefined;
  readonly TLS_KEY_FILE?: string | undefined;
}): TlsConfig | undefined {
  return port === undefined || certificateFile === undefined || keyFile === undefined
    ? undefined
    : { port, files: { certificateFile, keyFile } };
}
