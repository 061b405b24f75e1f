import type { JsonObject } from '@sigstead/encoding';
import type { CiProviderMetadata } from './ci-provider-metadata.ts';
import type { ClaimPath } from './claim-path.ts';

/** Every issuer type of Fulcio (pkg/config). All but the first and the last have nothing to configure beyond the trust. */
export const issuerTypes = [
  'email',
  'spiffe',
  'uri',
  'username',
  'kubernetes',
  'github-workflow',
  'gitlab-pipeline',
  'buildkite-job',
  'codefresh-workflow',
  'chainguard-identity',
  'ci-provider',
] as const;

export type IssuerType = (typeof issuerTypes)[number];

/** Whom to believe and for whom, whatever the type. */
export interface IssuerTrust {
  /** Must equal the token's `iss` and the `issuer` of the discovery document, character for character. */
  readonly issuerUrl: string;
  /** What `aud` must be or contain. */
  readonly clientId: string;
  /** Only told to clients; what proves possession is decided by the type. */
  readonly challengeClaim?: string;
  /** Where discovery is dialled when not at the issuer's own address; the issuer's origin is then dialled there too. */
  readonly discoveryUrl?: string;
  /** A pinned key set (RFC 7517): nothing is ever fetched for this issuer. */
  readonly jwks?: JsonObject;
  /** PEM certificates that are trusted for TLS to this issuer besides the usual ones. */
  readonly caCertificates?: string;
  /** Unsafe outside a trusted network: plain http to any host. Plain http to loopback needs no permission. */
  readonly allowInsecureHttp?: boolean;
  /** The pattern of the meta issuer this one came from; its key set must then lie on its own origin. */
  readonly issuerPattern?: string;
  readonly contact?: string;
  readonly description?: string;
}

export interface EmailIdentity {
  readonly type: 'email';
  /** Claim that names the issuer to certify, for brokers such as Dex; the token's issuer unless given. */
  readonly issuerClaim?: ClaimPath;
  /** The issuer only knows verified addresses and does not say so in its tokens. */
  readonly skipEmailVerification: boolean;
}

export interface SpiffeIdentity {
  readonly type: 'spiffe';
  readonly trustDomain: string;
}

export interface DomainIdentity {
  readonly type: 'uri' | 'username';
  /** With the scheme for `uri`, a bare host for `username`. */
  readonly subjectDomain: string;
}

export interface PlainIdentity {
  readonly type: Exclude<IssuerType, 'email' | 'spiffe' | 'uri' | 'username' | 'ci-provider'>;
}

export interface CiProviderIdentity {
  readonly type: 'ci-provider';
  /** Key of `ci-issuer-metadata`, or the preset. */
  readonly ciProvider: string;
  readonly metadata: CiProviderMetadata;
}

/** How tokens become certified identities. */
export type IdentityRules =
  EmailIdentity | SpiffeIdentity | DomainIdentity | PlainIdentity | CiProviderIdentity;

export type IssuerConfig = IssuerTrust & IdentityRules;
export type EmailIssuer = IssuerTrust & EmailIdentity;
export type SpiffeIssuer = IssuerTrust & SpiffeIdentity;
export type DomainIssuer = IssuerTrust & DomainIdentity;
export type CiProviderIssuer = IssuerTrust & CiProviderIdentity;

/** Issuers that are known by a pattern: every `*` stands for one or more of `-`, `_`, letters and digits. */
export type MetaIssuerConfig = Omit<IssuerTrust, 'issuerUrl' | 'discoveryUrl' | 'jwks' | 'issuerPattern'> & {
  readonly issuerPattern: string;
} & Exclude<IdentityRules, SpiffeIdentity>;

/** What Fulcio's configuration file says, checked. */
export interface IssuerConfiguration {
  readonly issuers: readonly IssuerConfig[];
  readonly metaIssuers: readonly MetaIssuerConfig[];
  /** Paths of keys that mean nothing here. Fulcio skips them silently; whoever loads the file may want to say so. */
  readonly ignored: readonly string[];
}
