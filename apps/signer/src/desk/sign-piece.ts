import type { RegistryClient } from '@sigstead/oci';
import {
  makeSignature,
  signImageDigest,
  storeAttestation,
  storeImageSignatures,
  type MadeSignatures,
  type OnStep,
  type Place,
  type SigningKey,
  type SigningServices,
} from '@sigstead/signing';
import type { ImagePiece, Piece, StatementPiece } from './resolve.ts';

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
): Promise<MadeSignatures> {
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
): Promise<MadeSignatures> {
  const { services, registry, now } = surroundings;
  const wanted = { image: place.image, digest: place.manifest.digest, annotations, form };
  const signatures = await signImageDigest(services, key, wanted, onStep);
  return store(place, surroundings, onStep, () => storeImageSignatures(registry, place, signatures, now()));
}

async function signStatementPiece(
  { statement, stored }: StatementPiece,
  key: SigningKey,
  surroundings: SigningSurroundings,
  onStep: OnStep,
): Promise<MadeSignatures> {
  const { services, registry, now } = surroundings;
  const signature = await makeSignature(services, key, { kind: 'statement', statement }, onStep);
  const { predicateType } = statement;
  if (stored === undefined) return [{ form: 'bundle', signature, predicateType }];
  const { place, form } = stored;
  return store(place, surroundings, onStep, () =>
    storeAttestation(registry, place, signature, { form, predicateType }, now()),
  );
}

function store<T>(
  { image, manifest }: Place,
  { exclusively }: SigningSurroundings,
  onStep: OnStep,
  work: () => Promise<T>,
): Promise<T> {
  onStep('push');
  return exclusively(`${image.name}@${manifest.digest}`, work);
}
