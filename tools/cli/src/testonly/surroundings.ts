import type { Surroundings } from '../identity/surroundings.ts';

/** A machine with nothing around, and a list of what was noted. */
export function bareSurroundings(
  changes: Partial<Surroundings> = {},
): Surroundings & { readonly notes: string[] } {
  const notes: string[] = [];
  return {
    environment: {},
    note: (text) => void notes.push(text),
    isInteractive: false,
    openBrowser: () => Promise.resolve(false),
    pause: () => Promise.resolve(),
    tokenFile: '/nowhere/oidc-token',
    notes,
    ...changes,
  };
}
