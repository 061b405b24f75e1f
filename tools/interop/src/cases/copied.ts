import type { InteropCase } from '../interop-case.ts';

const BOTH = ['cosign', 'sigstead'] as const;

/** What was signed in one registry is verified in another, where a program that knows nothing of signatures took it. */
export const copied: readonly InteropCase[] = [
  ...signedHere('skopeo', 'legacy', 'rekor-v1'),
  ...signedHere('crane', 'legacy', 'rekor-v1'),
  ...signedHere('crane', 'bundle', 'rekor-v1'),
  ...signedHere('crane', 'bundle', 'rekor-v2'),
];

/** To a registry without the referrers API, and back to one that has it. */
function signedHere(
  copier: NonNullable<InteropCase['copier']>,
  form: InteropCase['form'],
  log: InteropCase['log'],
): InteropCase[] {
  const image = { signer: 'sigstead', verifiers: BOTH, artifact: 'image', copier, form, log } as const;
  return [
    { ...image, registry: 'development', tampering: 'other artifact' },
    { ...image, registry: 'distribution', tampering: 'changed signature' },
  ];
}
