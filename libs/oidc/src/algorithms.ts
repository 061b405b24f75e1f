import type { KeyType } from '@sigstead/crypto';

/** Every signature algorithm ever accepted and the key it needs (RFC 7518 section 3.1, RFC 8037). No `none`, no HMAC. */
const KEY_TYPES: ReadonlyMap<string, KeyType> = new Map([
  ['RS256', 'RSA'],
  ['RS384', 'RSA'],
  ['RS512', 'RSA'],
  ['PS256', 'RSA'],
  ['PS384', 'RSA'],
  ['PS512', 'RSA'],
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
  ['ES512', 'P-521'],
  ['EdDSA', 'Ed25519'],
]);

/** What an issuer signs with when it does not say (OpenID Connect Core section 2: RS256 is the default). */
const DEFAULT_ALGORITHMS: ReadonlySet<string> = new Set(['RS256']);

export const acceptedAlgorithms: readonly string[] = [...KEY_TYPES.keys()];

/** The key type an algorithm needs; nothing for an algorithm that is not accepted. */
export function keyTypeOf(algorithm: string): KeyType | undefined {
  return KEY_TYPES.get(algorithm);
}

/** The accepted ones among those an issuer lists, RS256 alone when it lists none at all. */
export function usableAlgorithms(listed: readonly string[]): ReadonlySet<string> {
  return listed.length === 0 ? DEFAULT_ALGORITHMS : new Set(listed.filter((name) => KEY_TYPES.has(name)));
}
