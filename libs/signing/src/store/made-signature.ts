import type { ImageReference, StoredLayer, StoredReferrer, Subject } from '@sigstead/oci';
import type { Signature } from '../make-signature.ts';
import type { ImageSignatures } from '../sign-image.ts';
import { COSIGN_SIGN_TYPE } from '../statement/make-statement.ts';

/** A manifest in a repository, as it was when it was resolved. */
export interface Place {
  readonly image: ImageReference;
  readonly manifest: Subject;
  /** Where its signatures are kept; beside it unless told. */
  readonly repository?: ImageReference;
}

/** A signature with where it is stored, if anywhere. */
export interface MadeSignature {
  readonly form: 'sig' | 'att' | 'bundle';
  readonly signature: Signature;
  readonly predicateType?: string;
  readonly layer?: StoredLayer;
  readonly referrer?: StoredReferrer;
}

/** All that were made of one thing; of an image the `.sig` form comes first. */
export type MadeSignatures = readonly [MadeSignature, ...MadeSignature[]];

/** Where signatures of one image lie, in each form that was stored. */
export interface StoredSignatures {
  readonly layer?: StoredLayer;
  readonly referrer?: StoredReferrer;
}

/** The signatures of an image, one in each form. */
export function madeOfImage(
  { legacy, bundle }: ImageSignatures,
  { layer, referrer }: StoredSignatures = {},
): MadeSignatures {
  const [first, ...more]: MadeSignature[] = [
    ...(legacy ? [{ form: 'sig' as const, signature: legacy.signature, ...(layer && { layer }) }] : []),
    ...(bundle
      ? [
          {
            form: 'bundle' as const,
            signature: bundle,
            predicateType: COSIGN_SIGN_TYPE,
            ...(referrer && { referrer }),
          },
        ]
      : []),
  ];
  if (first === undefined) throw new Error('an image was signed in no form');
  return [first, ...more];
}
