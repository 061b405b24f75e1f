import { bundleToJson } from '@sigstead/bundle';
import { encodeHex, type JsonValue } from '@sigstead/encoding';
import type { ImageReference } from '@sigstead/oci';
import type { StoredImageSignature } from '@sigstead/signing';

/** What the caller gets for a signed image. Everything in it is public. */
export interface SignAnswer {
  /** The image by digest: what was signed, whatever its tag says by now. */
  readonly image: string;
  readonly digest: string;
  readonly certificate: {
    readonly identity: string;
    readonly issuer: string;
    /** hex */
    readonly serialNumber: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly pem: string;
  };
  readonly logIndex: number;
  readonly entryUuid: string;
  /** Unix seconds. */
  readonly integratedTime: number;
  readonly signatureManifest: { readonly tag: string; readonly digest: string };
  /** Sigstore bundle v0.3 over the simple signing payload. */
  readonly bundle: JsonValue;
}

export function toSignAnswer(image: ImageReference, signed: StoredImageSignature): SignAnswer {
  const { certificate, identity, entry, digest, entryUuid, signatureManifest } = signed;
  return {
    image: `${image.name}@${digest}`,
    digest,
    certificate: {
      identity: identity.identity,
      issuer: identity.issuer,
      serialNumber: encodeHex(certificate.serialNumber),
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
      pem: certificate.toPem(),
    },
    logIndex: Number(entry.logIndex),
    entryUuid,
    integratedTime: Number(entry.integratedTimeSeconds),
    signatureManifest,
    bundle: bundleToJson(signed.bundle),
  };
}
