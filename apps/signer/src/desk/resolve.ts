import { encodeHex } from '@sigstead/encoding';
import {
  BUNDLE_LIMITS,
  OciError,
  readManifestTree,
  type ImageReference,
  type Subject as Descriptor,
} from '@sigstead/oci';
import {
  assertForm,
  defaultForm,
  makeStatement,
  SigningError,
  type Annotations,
  type SignatureForm,
  type SigningServices,
  type Statement,
  type Subject,
} from '@sigstead/signing';
import type { ArtifactDigest } from '@sigstead/verification';
import type { ArtifactOrder, ImageOrder, PredicateOrder, StatementOrder } from './order.ts';
import type { Registries } from './registries.ts';

/** One thing to sign, with nothing left to find out: an artifact is one of these, an index with all below it several. */
export type Piece = ImagePiece | DigestPiece | StatementPiece;

/** A manifest in a repository, as it was when it was resolved. */
export interface Place {
  readonly image: ImageReference;
  readonly manifest: Descriptor;
}

export interface ImagePiece {
  readonly kind: 'image';
  readonly place: Place;
  readonly annotations: Annotations;
  readonly form: SignatureForm;
}

export interface DigestPiece {
  readonly kind: 'digest';
  readonly digest: ArtifactDigest;
  readonly name: string | undefined;
}

export interface StatementPiece {
  readonly kind: 'statement';
  readonly statement: Statement;
  /** Where it is stored, if anywhere, and in which form. */
  readonly stored: { readonly place: Place; readonly form: SignatureForm } | undefined;
}

/** `sha256:<hex>` of what a piece is about. */
export function digestOfPiece(piece: Piece): string {
  switch (piece.kind) {
    case 'image':
      return piece.place.manifest.digest;
    case 'digest':
      return `${piece.digest.algorithm}:${encodeHex(piece.digest.digest)}`;
    case 'statement': {
      const [{ digest }] = piece.statement.subjects;
      const algorithm = ['sha256', 'sha384', 'sha512'].find((name) => Object.hasOwn(digest, name)) ?? '';
      return `${algorithm}:${digest[algorithm]}`;
    }
  }
}

/**
 * Finds out what an artifact is right now. The first piece is the artifact itself.
 *
 * @throws SigningError, of step `resolve` when a registry does not tell; OciError REFUSED for a registry that is not allowed
 */
export async function resolveArtifact(
  order: ArtifactOrder,
  services: SigningServices,
  registries: Registries,
  now: Date,
): Promise<[Piece, ...Piece[]]> {
  switch (order.kind) {
    case 'image':
      return resolveImage(order, services, registries);
    case 'digest':
      return [{ kind: 'digest', digest: order.digest, name: order.name }];
    case 'statement':
      return [await resolveStatement(order, services, registries)];
    case 'predicate':
      return [await resolvePredicate(order, services, registries, now)];
  }
}

async function resolveImage(
  { image, annotations, form = undefined, recursive }: ImageOrder,
  services: SigningServices,
  registries: Registries,
): Promise<[Piece, ...Piece[]]> {
  const chosen = chooseForm(form, services);
  const piece = (manifest: Descriptor): ImagePiece => ({
    kind: 'image',
    place: { image, manifest },
    annotations,
    form: chosen,
  });
  const root = await resolvePlace(image, registries);
  if (!recursive) return [piece(root.manifest)];
  // The root was read a moment ago under its digest: what lies below that digest is what lies below it for ever.
  const tree = await fromRegistry(() => readManifestTree(registries.client, image, root.manifest.digest));
  const below = tree.filter(({ digest }) => digest !== root.manifest.digest);
  return [
    piece(root.manifest),
    ...below.map(({ digest, mediaType, bytes }) => piece({ digest, mediaType, size: bytes.length })),
  ];
}

async function resolveStatement(
  { statement, image, form }: StatementOrder,
  services: SigningServices,
  registries: Registries,
): Promise<StatementPiece> {
  if (image === undefined) return { kind: 'statement', statement, stored: undefined };
  assertStorable(statement);
  const stored = { form: chooseForm(form, services), place: await resolvePlace(image, registries) };
  const [algorithm = '', hex] = stored.place.manifest.digest.split(':');
  if (statement.subjects.some(({ digest }) => digest[algorithm] === hex))
    return { kind: 'statement', statement, stored };
  throw new SigningError(
    'input',
    'STATEMENT',
    `the statement is not about ${image.toString()}, which is ${stored.place.manifest.digest}`,
  );
}

async function resolvePredicate(
  { predicateType: type, predicate, about, form }: PredicateOrder,
  services: SigningServices,
  registries: Registries,
  now: Date,
): Promise<StatementPiece> {
  const make = (subject: Subject) => makeStatement({ type, predicate, subjects: [subject], now });
  if ('subject' in about) return { kind: 'statement', statement: make(about.subject), stored: undefined };
  const chosen = chooseForm(form, services);
  const place = await resolvePlace(about.image, registries);
  const [algorithm = '', hex = ''] = place.manifest.digest.split(':');
  const statement = make({ name: about.image.name, digest: { [algorithm]: hex } });
  assertStorable(statement);
  return { kind: 'statement', statement, stored: { place, form: chosen } };
}

async function resolvePlace(image: ImageReference, registries: Registries): Promise<Place> {
  registries.assertAllowed(image);
  return { image, manifest: await fromRegistry(() => registries.client.resolve(image)) };
}

function chooseForm(form: SignatureForm | undefined, services: SigningServices): SignatureForm {
  const chosen = form ?? defaultForm(services);
  assertForm(chosen, services);
  return chosen;
}

/** Proofs and certificate of a bundle have a few kilobytes; a log with many witnesses some more. */
const PROOF_BYTES = 128 * 1024;

/** Found out before it is signed: registries and verifiers take no larger bundles. */
function assertStorable({ payload }: Statement): void {
  if ((payload.length / 3) * 4 + PROOF_BYTES <= BUNDLE_LIMITS.maxBundleBytes) return;
  throw new SigningError(
    'input',
    'STATEMENT',
    `a statement of ${payload.length} bytes makes a bundle beyond the ${BUNDLE_LIMITS.maxBundleBytes} bytes that are stored beside an image`,
  );
}

async function fromRegistry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new SigningError('resolve', 'CALL_FAILED', cause.message, { cause });
  }
}
