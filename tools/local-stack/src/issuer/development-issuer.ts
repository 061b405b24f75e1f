import { randomUUID } from 'node:crypto';
import type { PrivateKeySigner } from '@sigstead/crypto';
import { encodeBase64Url, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { defaultClaims, type IssuerName } from './default-claims.ts';
import { TOKEN_ALGORITHM } from './issuer-key.ts';

/** Of its tokens. */
export const LIFETIME_SECONDS = 10 * 60;

/** An OpenID Connect issuer that certifies whatever it is asked to: for development only. */
export class DevelopmentIssuer {
  readonly name: IssuerName;
  /** The `iss` of its tokens. */
  readonly issuerUrl: string;
  readonly #signer: PrivateKeySigner;
  readonly #clock: () => Date;

  constructor(options: { name: IssuerName; publicUrl: string; signer: PrivateKeySigner; clock: () => Date }) {
    this.name = options.name;
    this.issuerUrl = `${options.publicUrl.replace(/\/+$/, '')}/issuers/${options.name}`;
    this.#signer = options.signer;
    this.#clock = options.clock;
  }

  /** OpenID Connect Discovery 1.0 section 3. */
  discovery(): JsonObject {
    return {
      issuer: this.issuerUrl,
      jwks_uri: `${this.issuerUrl}/.well-known/jwks`,
      authorization_endpoint: `${this.issuerUrl}/authorize`,
      token_endpoint: `${this.issuerUrl}/token`,
      device_authorization_endpoint: `${this.issuerUrl}/device_authorization`,
      response_types_supported: ['code'],
      grant_types_supported: [
        'authorization_code',
        'urn:ietf:params:oauth:grant-type:device_code',
        'client_credentials',
      ],
      // RFC 9207 section 3.
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [TOKEN_ALGORITHM],
      code_challenge_methods_supported: ['S256'],
      scopes_supported: ['openid', 'email'],
      claims_supported: [
        'aud',
        'exp',
        'iat',
        'iss',
        'jti',
        'nbf',
        ...Object.keys(defaultClaims(this.name, {})),
      ],
    };
  }

  /** RFC 7517 section 5, public keys only. */
  keySet(): JsonObject {
    const { kty, n, e } = this.#signer.publicKey.keyObject.export({ format: 'jwk' }) as Record<
      string,
      string
    >;
    return { keys: [{ kty, n, e, use: 'sig', alg: TOKEN_ALGORITHM, kid: this.#keyId } as JsonObject] };
  }

  /**
   * A signed token: the usual claims, replaced by those asked for. A claim asked for as null is left out, so that
   * every fault of a token can be made on purpose.
   *
   * @param asked claims to replace; times are seconds since 1970
   */
  async token(asked: JsonObject): Promise<string> {
    const issuedAt = Math.floor(this.#clock().getTime() / 1000);
    const claims: Record<string, JsonValue> = {
      jti: randomUUID(),
      iss: this.issuerUrl,
      aud: 'sigstore',
      iat: issuedAt,
      nbf: issuedAt,
      exp: issuedAt + LIFETIME_SECONDS,
      ...defaultClaims(this.name, asked),
      ...asked,
    };
    const payload = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
    const input = `${encodeJson({ typ: 'JWT', alg: TOKEN_ALGORITHM, kid: this.#keyId })}.${encodeJson(payload)}`;
    // An RSA signer signs with PKCS#1 v1.5 and SHA-256, which is RS256 (RFC 7518 section 3.3).
    return `${input}.${encodeBase64Url(await this.#signer.sign(encodeUtf8(input)))}`;
  }

  get #keyId(): string {
    return encodeBase64Url(this.#signer.publicKey.keyId);
  }
}

function encodeJson(value: JsonObject): string {
  return encodeBase64Url(encodeUtf8(JSON.stringify(value)));
}
