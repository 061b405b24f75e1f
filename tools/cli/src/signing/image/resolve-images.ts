import { OciError, readManifestTree, type ImageReference, type RegistryClient } from '@sigstead/oci';
import type { Place } from '@sigstead/signing';
import { inParallel } from '../../in-parallel.ts';
import type { Wanted } from '../run/signing-run.ts';

const CONCURRENCY = 8;

/** An image as the caller named it. */
export interface NamedImage {
  readonly name: string;
  readonly image: ImageReference;
}

/**
 * Finds out what images are right now: what is signed is that, whatever happens to the tag.
 *
 * @param recursive with all that an index lists, and what is listed there
 * @param pieceOf what is to be signed of a manifest
 */
export function resolveImages<Piece>(
  images: readonly NamedImage[],
  registry: RegistryClient,
  recursive: boolean,
  pieceOf: (place: Place) => Piece,
): Promise<Wanted<Piece>[]> {
  return inParallel(images, CONCURRENCY, async ({ name, image }): Promise<Wanted<Piece>> => {
    try {
      const root = await registry.resolve(image);
      const below = recursive ? await placesBelow(registry, image, root.digest) : [];
      return { name, pieces: [pieceOf({ image, manifest: root }), ...below.map(pieceOf)] };
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
      return { name, pieces: { failure: { step: 'resolve', message: error.message } } };
    }
  });
}

/** The root was read a moment ago under its digest: what lies below that digest is what lies below it for ever. */
async function placesBelow(registry: RegistryClient, image: ImageReference, root: string): Promise<Place[]> {
  const tree = await readManifestTree(registry, image, root);
  return tree
    .filter(({ digest }) => digest !== root)
    .map(({ digest, mediaType, bytes }) => ({ image, manifest: { digest, mediaType, size: bytes.length } }));
}
