import { CompactSign, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import type { GoldenCase } from './golden-case.ts';

const LIFETIME_SECONDS = 600;

/** Signs the tokens of every issuer, with one RSA key. */
export class TokenIssuer {
  readonly jwk: JWK;
  readonly #privateKey: CryptoKey;

  private constructor(jwk: JWK, privateKey: CryptoKey) {
    this.jwk = jwk;
    this.#privateKey = privateKey;
  }

  static async make(): Promise<TokenIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'golden', alg: 'RS256', use: 'sig' };
    return new TokenIssuer(jwk, privateKey);
  }

  sign(payload: string): Promise<string> {
    return new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ alg: 'RS256', kid: 'golden', typ: 'JWT' })
      .sign(this.#privateKey);
  }
}

/** The token's payload, JSON as it is signed. */
export function payloadOf({ claims, edit = (payload) => payload }: GoldenCase, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000);
  const times = { iat: seconds, nbf: seconds, exp: seconds + LIFETIME_SECONDS };
  return edit(JSON.stringify({ aud: 'sigstore', ...times, ...claims }));
}
