import { encodeUtf8 } from '@sigstead/encoding';
import {
  appendLegacyAttestation,
  appendLegacySignature,
  OciError,
  pushBundleReferrer,
  type RegistryClient,
  type StoredLayer,
  type StoredReferrer,
} from '@sigstead/oci';
import {
  COSIGN_SIGN_TYPE,
  envelopeJson,
  makeSignature,
  proofAnnotations,
  signImageDigest,
  SigningError,
  type OnStep,
  type Signature,
  type SigningKey,
  type SigningServices,
} from '@sigstead/signing';
import type { ImagePiece, Piece, Place, StatementPiece } from './resolve.ts';

/** A signature with where it was stored. */
export interface MadeSignature {
  readonly form: 'sig' | 'att' | 'bundle';
  readonly signature: Signature;
  readonly predicateType?: string;
  readonly layer?: StoredLayer;
  readonly referrer?: StoredReferrer;
}

/** Runs work so that no two of one key overlap. */
export type Exclusively = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export interface SigningSurroundings {
  readonly services: SigningServices;
  readonly registry: RegistryClient;
  /** Lists beside an image have no locking: our own writers keep out of each other's way. */
  readonly exclusively: Exclusively;
  readonly now: () => Date;
}

/**
 * Signs one piece and stores its signatures: first all are made and verified, then they are stored.
 *
 * @returns at least one; of an image the `.sig` form first
 * @throws SigningError naming the step
 */
export async function signPiece(
  piece: Piece,
  key: SigningKey,
  surroundings: SigningSurroundings,
  onStep: OnStep,
): Promise<[MadeSignature, ...MadeSignature[]]> {
  const { services } = surroundings;
  switch (piece.kind) {
    case 'image':
      return signImagePiece(piece, key, surroundings, onStep);
    case 'digest':
      return [{ form: 'bundle', signature: await makeSignature(services, key, piece, onStep) }];
    case 'statement':
      return signStatementPiece(piece, key, surroundings, onStep);
  }
}

async function signImagePiece(
  { place, annotations, form }: ImagePiece,
  key: SigningKey,
  surroundings: SigningSurroundings,
  onStep: OnStep,
): Promise<[MadeSignature, ...MadeSignature[]]> {
  const { image, manifest } = place;
  const wanted = { image, digest: manifest.digest, annotations, form };
  const { legacy, bundle } = await signImageDigest(surroundings.services, key, wanted, onStep);
  const [sig, referring] = await store(place, surroundings, onStep, ({ registry }) =>
    both(
      legacy && (() => appendLegacySignature(registry, image, manifest.digest, legacy.layer)),
      bundle && (() => pushBundle(place, bundle, COSIGN_SIGN_TYPE, surroundings)),
    ),
  );
  const [first, ...more]: MadeSignature[] = [
    ...(legacy && sig ? [{ form: 'sig' as const, signature: legacy.signature, layer: sig }] : []),
    ...(bundle && referring
      ? [
          {
            form: 'bundle' as const,
            signature: bundle,
            predicateType: COSIGN_SIGN_TYPE,
            referrer: referring,
          },
        ]
      : []),
  ];
  if (first === undefined) throw new Error('an image was signed in no form');
  return [first, ...more];
}

/** One signature does for both forms: they hold the same envelope. */
async function signStatementPiece(
  { statement, stored }: StatementPiece,
  key: SigningKey,
  surroundings: SigningSurroundings,
  onStep: OnStep,
): Promise<[MadeSignature, ...MadeSignature[]]> {
  const content = { kind: 'statement' as const, statement };
  const signature = await makeSignature(surroundings.services, key, content, onStep);
  const { predicateType } = statement;
  if (stored === undefined) return [{ form: 'bundle', signature, predicateType }];
  const { place, form } = stored;
  const { image, manifest } = place;
  const attestation = {
    payload: encodeUtf8(envelopeJson(signature)),
    annotations: proofAnnotations(signature),
  };
  const [layer, referrer] = await store(place, surroundings, onStep, ({ registry }) =>
    both(
      form === 'bundle'
        ? undefined
        : () => appendLegacyAttestation(registry, image, manifest.digest, attestation, { predicateType }),
      form === 'legacy' ? undefined : () => pushBundle(place, signature, predicateType, surroundings),
    ),
  );
  return [
    {
      form: form === 'legacy' ? 'att' : 'bundle',
      signature,
      predicateType,
      ...(layer && { layer }),
      ...(referrer && { referrer }),
    },
  ];
}

/** Two that do not depend on each other. Neither is still under way when the other has failed. */
async function both<A, B>(
  one: (() => Promise<A>) | undefined,
  other: (() => Promise<B>) | undefined,
): Promise<[A | undefined, B | undefined]> {
  const works = [one?.(), other?.()] as const;
  await Promise.allSettled(works);
  return [await works[0], await works[1]];
}

function pushBundle(
  { image, manifest }: Place,
  { bundleJson }: Signature,
  predicateType: string,
  { registry, now }: SigningSurroundings,
): Promise<StoredReferrer> {
  return pushBundleReferrer(registry, image, manifest, encodeUtf8(bundleJson), {
    predicateType,
    createdAt: now(),
  });
}

async function store<T>(
  { image, manifest }: Place,
  surroundings: SigningSurroundings,
  onStep: OnStep,
  work: (surroundings: SigningSurroundings) => Promise<T>,
): Promise<T> {
  onStep('push');
  try {
    return await surroundings.exclusively(`${image.name}@${manifest.digest}`, () => work(surroundings));
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new SigningError('push', 'CALL_FAILED', cause.message, { cause });
  }
}
