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
  };
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
    timestampAuthorities: [],
  };
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
  const service = (url: string): Service => ({
    url,
    majorApiVersion: 1,
    validFor: { start: ceremony.createdAt },
    operator: ceremony.organization,
  });
  return {
    caUrls: [service(urls.certificateAuthority)],
    oidcUrls: urls.issuers.map(service),
    rekorTlogUrls: [service(urls.transparencyLog)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [],
  };
}
