import { encodeUtf8 } from '@sigstead/encoding';
import {
  appendLegacyAttestation,
  appendLegacySignature,
  BUNDLE_LIMITS,
  OciError,
  pushBundleReferrer,
  removeBundleReferrers,
  type RegistryClient,
  type StoredLayer,
  type StoredReferrer,
} from '@sigstead/oci';
import { proofAnnotations } from '../cosign-annotations.ts';
import { SigningError } from '../errors.ts';
import { envelopeJson } from '../log-entry.ts';
import type { Signature } from '../make-signature.ts';
import type { ImageSignatures, SignatureForm } from '../sign-image.ts';
import { COSIGN_SIGN_TYPE } from '../statement/make-statement.ts';
import type { Statement } from '../statement/statement.ts';
import { madeOfImage, type MadeSignatures, type Place, type StoredSignatures } from './made-signature.ts';

/** How an attestation is stored. */
export interface AttestationStorage {
  readonly form: SignatureForm;
  /** Of the statement inside. */
  readonly predicateType: string;
  /** Whether it takes the place of every attestation of this predicate type, in the forms that are stored. */
  readonly replace?: boolean;
}

/** Proofs and certificate of a bundle have a few kilobytes; a log with many witnesses some more. */
const PROOF_BYTES = 128 * 1024;

/**
 * Stores verified signatures beside their image. What one form needs does not wait for the other.
 *
 * @throws SigningError of step `push`; then a part at most is stored, which is a whole signature by itself
 */
export async function storeImageSignatures(
  registry: RegistryClient,
  place: Place,
  signatures: ImageSignatures,
  createdAt: Date,
): Promise<MadeSignatures> {
  const { image, manifest, repository = image } = place;
  const { legacy, bundle } = signatures;
  const stored = await storeBoth(
    legacy && (() => appendLegacySignature(registry, repository, manifest.digest, legacy.layer)),
    bundle && (() => pushBundle(registry, place, bundle, COSIGN_SIGN_TYPE, createdAt)),
  );
  return madeOfImage(signatures, stored);
}

/**
 * Stores an attestation beside its image. One signature does for both forms: they hold the same envelope.
 *
 * @throws SigningError of step `push`
 */
export async function storeAttestation(
  registry: RegistryClient,
  place: Place,
  signature: Signature,
  { form, predicateType, replace = false }: AttestationStorage,
  createdAt: Date,
): Promise<MadeSignatures> {
  const { image, manifest, repository = image } = place;
  const append = () =>
    appendLegacyAttestation(
      registry,
      repository,
      manifest.digest,
      { payload: encodeUtf8(envelopeJson(signature)), annotations: proofAnnotations(signature) },
      { predicateType, replace },
    );
  const stored = await storeBoth(
    form === 'bundle' ? undefined : append,
    form === 'legacy' ? undefined : () => pushBundle(registry, place, signature, predicateType, createdAt),
  );
  if (replace && stored.referrer) await removeOlder(registry, place, stored.referrer, predicateType);
  return [{ form: form === 'legacy' ? 'att' : 'bundle', signature, predicateType, ...stored }];
}

/**
 * Found out before it is signed: registries and verifiers take no larger bundles.
 *
 * @throws SigningError STATEMENT
 */
export function assertStorable({ payload }: Statement): void {
  if ((payload.length / 3) * 4 + PROOF_BYTES <= BUNDLE_LIMITS.maxBundleBytes) return;
  throw new SigningError(
    'input',
    'STATEMENT',
    `a statement of ${payload.length} bytes makes a bundle beyond the ${BUNDLE_LIMITS.maxBundleBytes} bytes that are stored beside an image`,
  );
}

function pushBundle(
  registry: RegistryClient,
  { image, manifest, repository = image }: Place,
  { bundleJson }: Signature,
  predicateType: string,
  createdAt: Date,
): Promise<StoredReferrer> {
  return pushBundleReferrer(registry, repository, manifest, encodeUtf8(bundleJson), {
    predicateType,
    createdAt,
  });
}

/** Only once the new one is there: a crash leaves both. */
async function removeOlder(
  registry: RegistryClient,
  { image, manifest, repository = image }: Place,
  newest: StoredReferrer,
  predicateType: string,
): Promise<void> {
  try {
    await removeBundleReferrers(
      registry,
      repository,
      manifest.digest,
      ({ source, annotations }) =>
        source !== newest.digest && annotations['dev.sigstore.bundle.predicateType'] === predicateType,
    );
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    const message = `the attestation is stored, but what it replaces cannot be removed: ${cause.message}`;
    throw new SigningError('push', 'CALL_FAILED', message, { cause });
  }
}

/** Two that do not depend on each other. Neither is still under way when the other has failed. */
async function storeBoth(
  append: (() => Promise<StoredLayer>) | undefined,
  push: (() => Promise<StoredReferrer>) | undefined,
): Promise<StoredSignatures> {
  const works = [append?.(), push?.()] as const;
  await Promise.allSettled(works);
  try {
    const [layer, referrer] = [await works[0], await works[1]];
    return { ...(layer && { layer }), ...(referrer && { referrer }) };
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new SigningError('push', 'CALL_FAILED', cause.message, { cause });
  }
}
