import type { TrustedRoot } from '@sigstead/trust';

/** A trusted root under the name its owner gave it. */
export interface NamedTrustedRoot {
  readonly name: string;
  readonly trustedRoot: TrustedRoot;
}

/**
 * What is trusted: one root, or several side by side. Several are never one: each signature is judged by each root alone, so that a
 * certificate of one is not combined with the log of another.
 */
export type Trust = TrustedRoot | readonly NamedTrustedRoot[];

export function rootsOf(trust: Trust): readonly (NamedTrustedRoot | { readonly trustedRoot: TrustedRoot })[] {
  return isSeveral(trust) ? trust : [{ trustedRoot: trust }];
}

function isSeveral(trust: Trust): trust is readonly NamedTrustedRoot[] {
  return Array.isArray(trust);
}
