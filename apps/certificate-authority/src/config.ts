import { databaseUrlOf } from '@sigstead/postgres';
import { checkTlsSettings, setting, tlsConfigOf, tlsSettings } from '@sigstead/server';
import { z } from 'zod';
import type { AuthorityFiles, EphemeralAuthority } from './issuing-authority.ts';

export interface CertificateAuthorityConfig {
  readonly authority: AuthorityFiles | EphemeralAuthority;
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

/** The environment of the service. */
export const environmentSchema = z
  .object({
    /** 5555, where Fulcio deployments listen; 0 picks a free port. */
    PORT: setting.port(5555),
    /** 5554, where Fulcio deployments have gRPC, without TLS; 0 picks a free port. */
    GRPC_PORT: setting.port(5554),
    /** Off unless set. HTTPS and gRPC on one port, told apart by what the client offers (ALPN). */
    ...tlsSettings,
    /** Loopback unless told: a certificate authority is opened to others on purpose. */
    HOST: setting.host(),
    /** Encrypted PKCS#8 with its passphrase; not wanted with CA_EPHEMERAL. */
    CA_KEY_FILE: setting.file().optional(),
    CA_PASSPHRASE_FILE: setting.file().optional(),
    /** Read, or written with CA_EPHEMERAL. */
    CA_CHAIN_FILE: setting.file(),
    /** A CA made at start, whose key never leaves memory: for tests. The log must be told of its root. */
    CA_EPHEMERAL: z.enum(['P-256', 'P-384']).optional(),
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
    for (const name of ['CA_KEY_FILE', 'CA_PASSPHRASE_FILE'] as const) {
      const isWanted = environment.CA_EPHEMERAL === undefined;
      if (isWanted === (environment[name] !== undefined)) continue;
      const message = isWanted ? 'is required' : 'has no meaning with CA_EPHEMERAL';
      context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .superRefine(checkTlsSettings)
  .transform((environment, context) => ({
    host: environment.HOST,
    port: environment.PORT,
    grpcPort: environment.GRPC_PORT,
    tls: tlsConfigOf(environment),
    service: {
      authority: authorityOf(environment),
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

function authorityOf(environment: {
  readonly CA_KEY_FILE?: string | undefined;
  readonly CA_PASSPHRASE_FILE?: string | undefined;
  readonly CA_CHAIN_FILE: string;
  readonly CA_EPHEMERAL?: 'P-256' | 'P-384' | undefined;
}): AuthorityFiles | EphemeralAuthority {
  const chainFile = environment.CA_CHAIN_FILE;
  if (environment.CA_EPHEMERAL !== undefined)
    return { ephemeralKeyType: environment.CA_EPHEMERAL, chainFile };
  const { CA_KEY_FILE: keyFile = '', CA_PASSPHRASE_FILE: passphraseFile = '' } = environment;
  return { keyFile, passphraseFile, chainFile };
}
