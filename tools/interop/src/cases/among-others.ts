import { type ClientName, type InteropCase, isImage } from '../interop-case.ts';
import { signedByOthers } from './signed-by-others.ts';

/** What others sign with our services they verify among themselves: our services and nothing else of ours takes part. */
export const amongOthers: readonly InteropCase[] = signedByOthers.map((each) => ({
  ...each,
  verifiers: othersFor(each),
  long: true,
}));

function othersFor({ artifact, credential = 'keyless', signer }: InteropCase): ClientName[] {
  // sigstore-python knows no images and no keys, and no statements of the version that cosign writes.
  const python =
    !isImage(artifact) && credential === 'keyless' && (artifact === 'blob' || signer !== 'cosign');
  return ['cosign', 'sigstore-js', ...(python ? (['sigstore-python'] as const) : [])];
}
