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
import type { Ceremony } from './ceremony.ts';

/** Addresses by which clients reach the services, without trailing slashes. */
export interface PublicUrls {
  readonly certificateAuthority: string;
  readonly transparencyLog: string;
  readonly timestampAuthority: string;
  /** Issuers of identity tokens; the first is where a client with a browser would log in. */
  readonly issuers: readonly string[];
}

/** Trust files by name. Addresses may be rendered again; keys, origins and validity never change. */
export function renderTrustFiles(ceremony: Ceremony, urls: PublicUrls): Record<string, string> {
  const trustedRoot = trustedRootOf(ceremony, urls);
  const signingConfig = signingConfigOf(ceremony, urls);
  return {
    'trusted_root.json': serializeTrustedRoot(trustedRoot),
    'signing_config.v0.2.json': serializeSigningConfig(signingConfig),
    'client_trust_config.json': serializeClientTrustConfig({ trustedRoot, signingConfig }),
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
    tlogs: [logInstance(ceremony.rekorPublicKeyPem, urls.transparencyLog, validFor.start)],
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

function signingConfigOf(ceremony: Ceremony, urls: PublicUrls): SigningConfig {
  const service = (url: string, start = ceremony.createdAt): Service => ({
    url,
    majorApiVersion: 1,
    validFor: { start },
    operator: ceremony.organization,
  });
  return {
    caUrls: [service(urls.certificateAuthority)],
    oidcUrls: urls.issuers.map((url) => service(url)),
    rekorTlogUrls: [service(urls.transparencyLog)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(timestampUrl(urls), timestampsSince(ceremony))],
    tsaConfig: { selector: 'ANY' },
  };
}
