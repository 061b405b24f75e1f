import { setting } from '@sigstead/server';
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
  /** JSON list of issuers, see `parseIssuerConfigs` of @sigstead/oidc. */
  readonly issuersFile: string;
  /** For each document of an issuer. */
  readonly issuerTimeoutMs: number;
}

/** The environment of the service. */
export const environmentSchema = z
  .object({
    /** 5555, where Fulcio deployments listen; 0 picks a free port. */
    PORT: setting.port(5555),
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
  })
  .transform((environment) => ({
    host: environment.HOST,
    port: environment.PORT,
    service: {
      keyFile: environment.CA_KEY_FILE,
      passphraseFile: environment.CA_PASSPHRASE_FILE,
      chainFile: environment.CA_CHAIN_FILE,
      ctLogUrl: environment.CT_LOG_URL,
      ctPublicKeyFile: environment.CT_PUBLIC_KEY_FILE,
      ctTimeoutMs: environment.CT_TIMEOUT_MS,
      issuersFile: environment.ISSUERS_FILE,
      issuerTimeoutMs: environment.ISSUER_TIMEOUT_MS,
    } satisfies CertificateAuthorityConfig,
  }));
