import type { ImageReference } from '@sigstead/oci';
import { cosignAnnotations } from './cosign-annotations.ts';
import { makeSignature, type OnStep, type Signature } from './make-signature.ts';
import { hasPromises, type SigningServices } from './services.ts';
import type { SigningKey } from './signing-key.ts';
import { simpleSigningPayload, type Annotations } from './simple-signing.ts';
import { SigningError } from './errors.ts';
import { imageStatement } from './statement/make-statement.ts';

/**
 * In which form an image is signed: as a layer under its `.sig` tag, which every cosign reads and which needs Rekor v1; as a bundle that
 * refers to the image, as cosign 3 writes it; or as both.
 */
export type SignatureForm = 'legacy' | 'bundle' | 'both';

/** What the log allows: older clients read the one, newer ones the other. */
export function defaultForm(services: SigningServices): SignatureForm {
  return hasPromises(services) ? 'both' : 'bundle';
}

export interface ImageToSign {
  /** Names the repository; tag and digest in it are not looked at. */
  readonly image: ImageReference;
  /** `sha256:<hex>` of the manifest. */
  readonly digest: string;
  readonly annotations?: Annotations;
  readonly form?: SignatureForm;
}

/** Verified signatures of an image manifest, one in each form that was asked for, ready to be stored. */
export interface ImageSignatures {
  readonly digest: string;
  readonly legacy?: LegacyImageSignature;
  readonly bundle?: Signature;
}

export interface LegacyImageSignature {
  /** Its bundle is over the simple signing payload, not over the manifest. */
  readonly signature: Signature;
  readonly layer: { readonly payload: Uint8Array; readonly annotations: Readonly<Record<string, string>> };
}

/**
 * Signs a manifest digest; no registry takes part in it.
 *
 * @throws SigningError
 */
export async function signImageDigest(
  services: SigningServices,
  key: SigningKey,
  { image, digest, annotations, form = defaultForm(services) }: ImageToSign,
  onStep?: OnStep,
): Promise<ImageSignatures> {
  assertForm(form, services);
  // Else one of the two would be in the log by the time the other is refused.
  if (form === 'both' && key.signer.publicKey.type === 'Ed25519')
    throw new SigningError(
      'input',
      'ARTIFACT',
      'keys of type Ed25519 sign in one form only: form bundle, or form legacy where they sign with Ed25519ph',
    );
  const [legacy, bundle] = await Promise.all([
    form === 'bundle' ? undefined : signLegacy(services, key, image, digest, annotations, onStep),
    form === 'legacy'
      ? undefined
      : makeSignature(
          services,
          key,
          { kind: 'statement', statement: imageStatement(digest, annotations) },
          onStep,
        ),
  ]);
  return { digest, ...(legacy && { legacy }), ...(bundle && { bundle }) };
}

/** @throws SigningError ARTIFACT when the log cannot serve the form */
export function assertForm(form: SignatureForm, services: SigningServices): void {
  if (form === 'bundle' || hasPromises(services)) return;
  throw new SigningError(
    'input',
    'ARTIFACT',
    `form ${form} needs Rekor v1: the .sig tag has room for its promise only, which Rekor v2 does not give`,
  );
}

async function signLegacy(
  services: SigningServices,
  key: SigningKey,
  image: ImageReference,
  digest: string,
  annotations: Annotations | undefined,
  onStep: OnStep | undefined,
): Promise<LegacyImageSignature> {
  const payload = simpleSigningPayload(image, digest, annotations);
  const signature = await makeSignature(
    services,
    key,
    { kind: 'simple-signing', payload, imageDigest: digest },
    onStep,
  );
  return { signature, layer: { payload, annotations: cosignAnnotations(signature) } };
}
