import type { ClientName, InteropCase } from './interop-case.ts';

/** Why our own commands cannot take part yet, undefined when they can. */
export function notYet(
  { artifact, credential = 'keyless' }: InteropCase,
  verifier: ClientName,
): string | undefined {
  const keylessImage = artifact === 'image' && credential === 'keyless';
  return verifier === 'sigstead' && !keylessImage ? 'sigstead does not verify this yet' : undefined;
}
