import type { Bundle } from '@sigstead/bundle';
import {
  appendLegacySignature,
  type ImageReference,
  type LegacySignature,
  type RegistryClient,
} from '@sigstead/oci';
import type { SignerIdentity } from '@sigstead/verification';
import type { Certificate } from '@sigstead/x509';
import { withCertifiedKey } from './certified-key.ts';
import { cosignAnnotations } from './cosign-annotations.ts';
import { callStep } from './errors.ts';
import { certifiedIdentity, judgeBeforeLogging, judgeFinished } from './judge.ts';
import { logSignature, type LoggedSignature } from './log-signature.ts';
import { messageBundle } from './message-bundle.ts';
import type { SigningServices } from './services.ts';
import { simpleSigningPayload, type Annotations } from './simple-signing.ts';

export interface ImageSigningRequest {
  readonly image: ImageReference;
  /** OIDC identity token, for the certificate authority only. */
  readonly token: string;
  readonly annotations?: Annotations;
}

/** A verified signature of an image manifest, ready to be stored. */
export interface ImageSignature extends LoggedSignature {
  /** `sha256:<hex>` of the manifest that was signed. */
  readonly digest: string;
  readonly certificate: Certificate;
  readonly identity: SignerIdentity;
  /** Over the simple signing payload, not over the manifest itself. */
  readonly bundle: Bundle;
  readonly layer: LegacySignature;
}

export interface StoredImageSignature extends ImageSignature {
  /** The manifest that now holds the signature. */
  readonly signatureManifest: { readonly tag: string; readonly digest: string };
}

/** Runs work so that no two of one key overlap. */
export type Exclusively = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/**
 * Signs an image keyless and stores the signature beside it. The digest is resolved once: should the tag move meanwhile, the
 * signature is still for what was resolved. Nothing is stored unless all of it verifies against the trusted root.
 *
 * @param exclusively runs the store of one image after the other: `.sig` manifests have no locking, so whoever can should keep
 *   its own signatures out of each other's way
 * @throws SigningError naming the step; signing again is safe
 */
export async function signImage(
  services: SigningServices,
  registry: RegistryClient,
  request: ImageSigningRequest,
  exclusively: Exclusively = (_key, work) => work(),
): Promise<StoredImageSignature> {
  const { digest } = await callStep('resolve', () => registry.resolve(request.image));
  const signed = await signManifestDigest(services, digest, request);
  const store = () => appendLegacySignature(registry, request.image, digest, signed.layer);
  const signatureManifest = await callStep('push', () =>
    exclusively(`${request.image.name}@${digest}`, store),
  );
  return { ...signed, signatureManifest };
}

/** The keyless sequence for a manifest digest, from token to verified signature; no registry takes part in it. */
export async function signManifestDigest(
  services: SigningServices,
  digest: string,
  { image, token, annotations }: ImageSigningRequest,
): Promise<ImageSignature> {
  const payload = simpleSigningPayload(image, digest, annotations);
  return withCertifiedKey(services, token, async ({ signer, certificate, chain }) => {
    const identity = certifiedIdentity(certificate);
    const signature = await signer.sign(payload);
    const own = { digest, payload, signature, certificate, identity };
    judgeBeforeLogging(own, services);
    const logged = await logSignature(services, payload, signature, certificate);
    judgeFinished(own, logged.entry, services);
    return {
      ...logged,
      digest,
      certificate,
      identity,
      bundle: messageBundle(payload, signature, certificate, logged.entry),
      layer: { payload, annotations: cosignAnnotations(signature, certificate, chain, logged.entry) },
    };
  });
}
