import type { ClientName, InteropCase } from './interop-case.ts';

/** Why our own commands cannot take part yet, undefined when they can. */
export function notYet(
  { signer, artifact, form, credential = 'keyless' }: InteropCase,
  verifier: ClientName,
): string | undefined {
  const keylessImage = artifact === 'image' && credential === 'keyless';
  if (signer === 'sigstead' && !(keylessImage && form === 'legacy')) return 'sigstead does not sign this yet';
  if (verifier === 'sigstead' && !keylessImage) return 'sigstead does not verify this yet';
  if (credential === 'key of sigstead') return 'sigstead makes no keys yet';
  return undefined;
}
