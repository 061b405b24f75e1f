import { KeyError, PublicKey } from '@sigstead/crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { keyTypeOf } from './algorithms.ts';
import { OidcError, quote } from './errors.ts';

const MAX_KEYS = 100;

interface SetKey {
  readonly kid: string | undefined;
  readonly alg: string | undefined;
  /** The key, or why the key gate refused it. */
  readonly key: PublicKey | KeyError;
}

/**
 * An issuer's signing keys (RFC 7517 section 5). Every key passes the gate of `@sigstead/crypto` before any
 * cryptographic library sees it. A bad key refuses the tokens that name it, not the whole set.
 */
export class KeySet {
  readonly #keys: readonly SetKey[];
  /** `alg` of the keys, for issuers that publish no list of algorithms. */
  readonly algorithms: readonly string[];

  private constructor(keys: readonly SetKey[]) {
    this.#keys = keys;
    this.algorithms = [...new Set(keys.flatMap(({ alg }) => alg ?? []))];
  }

  /** @throws OidcError JWKS when it is no key set, too large, or holds no signature key at all */
  static parse(json: JsonValue): KeySet {
    const keys = isJsonObject(json) ? json['keys'] : undefined;
    if (!Array.isArray(keys)) throw new OidcError('JWKS', 'issuer keys: want an object with an array "keys"');
    if (keys.length > MAX_KEYS)
      throw new OidcError('JWKS', `issuer keys: ${keys.length} keys, at most ${MAX_KEYS} are taken`);
    const signing = keys.filter(isJsonObject).filter(isSignatureKey).map(parseKey);
    if (signing.length === 0) throw new OidcError('JWKS', 'issuer keys: no signature key in the set');
    return new KeySet(signing);
  }

  /** For people: how many keys can be used, and why the others cannot. */
  get summary(): { readonly usable: number; readonly refused: readonly string[] } {
    const refused = this.#keys.flatMap(({ kid, key }) =>
      key instanceof KeyError ? `key ${quote(kid)} is unusable: ${key.message}` : [],
    );
    return { usable: this.#keys.length - refused.length, refused };
  }

  /**
   * The keys that may have signed: right type for the algorithm and, when the token names one, the same `kid`.
   *
   * @throws OidcError KEY_REFUSED when the named key is there but unsafe
   */
  candidates(kid: string | undefined, algorithm: string): PublicKey[] {
    const named = this.#keys.filter((key) => kid === undefined || key.kid === kid);
    const refused = named.find(({ key }) => key instanceof KeyError);
    if (kid !== undefined && refused !== undefined) {
      throw new OidcError(
        'KEY_REFUSED',
        `signing key: the issuer's key ${quote(kid)} is unusable: ${(refused.key as KeyError).message}`,
        {
          claim: 'kid',
          cause: refused.key,
        },
      );
    }
    return named
      .filter(({ alg }) => alg === undefined || alg === algorithm)
      .flatMap(({ key }) => (key instanceof PublicKey && key.type === keyTypeOf(algorithm) ? key : []));
  }
}

function isSignatureKey(jwk: JsonObject): boolean {
  const use = jwk['use'] ?? 'sig';
  const operations = jwk['key_ops'] ?? ['verify'];
  return jwk['kty'] !== 'oct' && use === 'sig' && Array.isArray(operations) && operations.includes('verify');
}

function parseKey(jwk: JsonObject): SetKey {
  const kid = typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined;
  const alg = typeof jwk['alg'] === 'string' ? jwk['alg'] : undefined;
  try {
    return { kid, alg, key: PublicKey.fromJwk(jwk) };
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    return { kid, alg, key: cause };
  }
}
