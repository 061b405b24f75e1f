import { type ClientName, type InteropCase, isImage } from '../interop-case.ts';
import { signedByOthers } from './signed-by-others.ts';

/** What others sign with our services they verify among themselves: our services and nothing else of ours takes part. */
export const amongOthers: readonly InteropCase[] = signedByOthers.map((each) => ({
  ...each,
  verifiers: othersFor(each),
  long: true,
}));

function othersFor({ artifact, credential = 'keyless', log, signer }: InteropCase): ClientName[] {
  // sigstore-python knows no images and no keys, no statements of the version that cosign writes, and no entry without an index, which
  // is how @sigstore/sign writes the first of a log.
  const unread =
    (signer === 'cosign' && artifact !== 'blob') || (signer === 'sigstore-js' && log === 'rekor-v2');
  const python = !isImage(artifact) && credential === 'keyless' && !unread;
  return ['cosign', 'sigstore-js', ...(python ? (['sigstore-python'] as const) : [])];
}
