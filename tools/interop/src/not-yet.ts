import type { InteropCase } from './interop-case.ts';

/** Why our own commands cannot take part yet, undefined when they can. */
export function notYet({ signer, artifact, form, credential = 'keyless' }: InteropCase): string | undefined {
  const keylessImage = artifact === 'image' && credential === 'keyless';
  if (signer === 'sigstead' && !(keylessImage && form === 'legacy')) return 'sigstead does not sign this yet';
  return undefined;
}
