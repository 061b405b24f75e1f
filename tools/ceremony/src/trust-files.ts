import { keyDetailsOf, PublicKey } from '@sigstead/crypto';
import {
  serializeClientTrustConfig,
  serializeSigningConfig,
  serializeTrustedRoot,
  type Service,
  type SigningConfig,
  type TransparencyLogInstance,
  type TrustedRoot,
} from '@sigstead/trust';
import { formatVerifierKey, noteVerifierOf } from '@sigstead/tlog';
import type { Ceremony } from './ceremony.ts';
import type { RekorV2Shard } from './rekor-v2-shard.ts';

/** Addresses by which clients reach the services, without trailing slashes. */
export interface PublicUrls {
  readonly certificateAuthority: string;
  readonly transparencyLog: string;
  readonly timestampAuthority: string;
  /** Issuers of identity tokens; the first is where a client with a browser would log in. */
  readonly issuers: readonly string[];
}

/**
 * Trust files by name. Addresses may be rendered again; keys, origins and validity never change. A signing configuration has one version
 * of Rekor's API: of two, clients choose by different rules.
 */
export function renderTrustFiles(ceremony: Ceremony, urls: PublicUrls): Record<string, string> {
  const trustedRoot = trustedRootOf(ceremony, urls);
  const rekorV1 = signingConfigOf(ceremony, urls, { majorApiVersion: 1, start: ceremony.createdAt });
  const rekorV2 = signingConfigOf(ceremony, urls, { majorApiVersion: 2, start: rekorV2Since(ceremony) });
  return {
    'trusted_root.json': serializeTrustedRoot(trustedRoot),
    'signing_config.v0.2.json': serializeSigningConfig(rekorV1),
    'signing_config_rekor_v2.v0.2.json': serializeSigningConfig(rekorV2),
    'client_trust_config.json': serializeClientTrustConfig({ trustedRoot, signingConfig: rekorV1 }),
    'client_trust_config_rekor_v2.json': serializeClientTrustConfig({ trustedRoot, signingConfig: rekorV2 }),
    ...Object.fromEntries(ceremony.rekorV2Shards.map(verifierKeyFile)),
    'rekor.pub': ceremony.rekorPublicKeyPem,
    'ctfe.pub': ceremony.ctPublicKeyPem,
    'fulcio_v1.crt.pem': ceremony.caChain.map((certificate) => certificate.toPem()).join(''),
    'tsa.certchain.pem': ceremony.timestampChain.map((certificate) => certificate.toPem()).join(''),
    'revocation.pub': ceremony.revocationPublicKeyPem,
  };
}

/** Where a client asks for a timestamp: signing configurations have the whole URL of the request. */
function timestampUrl(urls: PublicUrls): string {
  return `${urls.timestampAuthority}/api/v1/timestamp`;
}

function trustedRootOf(ceremony: Ceremony, urls: PublicUrls): TrustedRoot {
  const validFor = { start: ceremony.createdAt };
  return {
    tlogs: [
      logInstance(ceremony.rekorPublicKeyPem, urls.transparencyLog, validFor.start),
      ...ceremony.rekorV2Shards.map((shard) => rekorV2Instance(shard, urls)),
    ],
    ctlogs: [
      logInstance(
        ceremony.ctPublicKeyPem,
        `${urls.transparencyLog}/ctlog/${ceremony.ctShard}`,
        validFor.start,
      ),
    ],
    certificateAuthorities: [
      {
        uri: urls.certificateAuthority,
        subject: { organization: ceremony.organization, commonName: `${ceremony.organization} intermediate` },
        certificates: ceremony.caChain,
        validFor,
      },
    ],
    timestampAuthorities: [
      {
        uri: timestampUrl(urls),
        subject: {
          organization: ceremony.organization,
          commonName: `${ceremony.organization} timestamp authority`,
        },
        certificates: ceremony.timestampChain,
        validFor: { start: timestampsSince(ceremony) },
      },
    ],
  };
}

/** Since when there is a timestamp authority; instances begun with 0.1 got one later than the rest. */
function timestampsSince({ timestampChain, createdAt }: Ceremony): Date {
  return timestampChain[0]?.notBefore ?? createdAt;
}

/** Since when there is a Rekor v2 log; earlier versions made none. */
function rekorV2Since({ rekorV2Shards, createdAt }: Ceremony): Date {
  return rekorV2Shards[0]?.validFor.start ?? createdAt;
}

/** Clients compare the host of the base URL with the origin of checkpoints: it is a name, and nobody dials it. */
function rekorV2Instance(
  { origin, publicKeyPem, validFor }: RekorV2Shard,
  { transparencyLog }: PublicUrls,
): TransparencyLogInstance {
  const key = PublicKey.fromPem(publicKeyPem);
  return {
    baseUrl: `${new URL(transparencyLog).protocol}//${origin}`,
    hashAlgorithm: 'SHA2_256',
    logId: noteVerifierOf(origin, key).keyId,
    key,
    keyDetails: keyDetailsOf(key),
    validFor,
  };
}

/** For witnesses and monitors: name and key of a shard in one line (C2SP signed-note). */
function verifierKeyFile({ origin, publicKeyPem }: RekorV2Shard): readonly [name: string, content: string] {
  return [`${origin}.vkey`, `${formatVerifierKey(origin, PublicKey.fromPem(publicKeyPem))}\n`];
}

function logInstance(publicKeyPem: string, baseUrl: string, start: Date): TransparencyLogInstance {
  const key = PublicKey.fromPem(publicKeyPem);
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    logId: key.keyId,
    key,
    keyDetails: keyDetailsOf(key),
    validFor: { start },
  };
}

function signingConfigOf(
  ceremony: Ceremony,
  urls: PublicUrls,
  rekor: { majorApiVersion: 1 | 2; start: Date },
): SigningConfig {
  const service = (url: string, start = ceremony.createdAt, majorApiVersion = 1): Service => ({
    url,
    majorApiVersion,
    validFor: { start },
    operator: ceremony.organization,
  });
  return {
    caUrls: [service(urls.certificateAuthority)],
    oidcUrls: urls.issuers.map((url) => service(url)),
    rekorTlogUrls: [service(urls.transparencyLog, rekor.start, rekor.majorApiVersion)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(timestampUrl(urls), timestampsSince(ceremony))],
    tsaConfig: { selector: 'ANY' },
  };
}
