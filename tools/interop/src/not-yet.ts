import type { ClientName, InteropCase } from './interop-case.ts';

/** Why our own commands cannot take part yet, undefined when they can. */
export function notYet(each: InteropCase, verifier: ClientName): string | undefined {
  const known = each.artifact === 'image' && each.form === 'legacy' && each.credential === undefined;
  if (each.signer === 'sigstead' && !known) return 'sigstead does not sign this yet';
  if (verifier === 'sigstead' && !known) return 'sigstead does not verify this yet';
  if (each.credential === 'key of sigstead') return 'sigstead makes no keys yet';
  return undefined;
}
