import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { LoginAccess } from '../access.ts';

export const NOW = new Date('2026-05-01T12:00:00Z');

export const access = (fetch: LoginAccess['fetch']): LoginAccess => ({
  fetch,
  clock: () => NOW,
  randomBytes,
});

interface IssuedCode {
  readonly query: URLSearchParams;
}

/** An issuer over real HTTP where people log in at once, and whose every answer a test can replace. */
export class TestLoginIssuer {
  /** Answers by path that stand in for the regular ones. */
  readonly answers = new Map<string, (response: ServerResponse, form: URLSearchParams) => void>();
  readonly requests: string[] = [];
  /** Claims that replace those of the next tokens. */
  claims: Record<string, unknown> = {};
  /** Members of the metadata to replace; undefined takes one out. */
  metadata: Record<string, unknown> = {};
  /** What the device login says when it is polled; approved when there is nothing left. */
  deviceErrors: string[] = [];
  readonly #server: Server;
  readonly #codes = new Map<string, IssuedCode>();
  readonly #devices = new Map<string, string>();
  readonly #privateKey: CryptoKey;
  readonly #jwk: JWK;

  private constructor(privateKey: CryptoKey, jwk: JWK) {
    this.#privateKey = privateKey;
    this.#jwk = jwk;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<TestLoginIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const issuer = new TestLoginIssuer(privateKey, jwk);
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  reset(): void {
    this.answers.clear();
    this.requests.length = 0;
    this.claims = {};
    this.metadata = {};
    this.deviceErrors = [];
  }

  /** What a browser brings back from the page to log in. */
  logIn(authorizationUrl: string): URLSearchParams {
    const query = new URL(authorizationUrl).searchParams;
    const code = randomBytes(16).toString('hex');
    this.#codes.set(code, { query });
    return new URLSearchParams({ code, state: query.get('state') ?? '', iss: this.url });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const form = new URLSearchParams(await textOf(request));
    this.requests.push(path);
    const answer = this.answers.get(path);
    if (answer !== undefined) answer(response, form);
    else if (path === '/.well-known/openid-configuration') json(response, this.#document());
    else if (path === '/keys') json(response, { keys: [this.#jwk] });
    else if (path === '/device') this.#beginDevice(response, form);
    else if (path === '/token') await this.#token(response, form);
    else response.writeHead(404).end();
  }

  #document(): Record<string, unknown> {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      device_authorization_endpoint: `${this.url}/device`,
      jwks_uri: `${this.url}/keys`,
      code_challenge_methods_supported: ['plain', 'S256'],
      authorization_response_iss_parameter_supported: true,
      id_token_signing_alg_values_supported: ['ES256'],
      ...this.metadata,
    };
  }

  #beginDevice(response: ServerResponse, form: URLSearchParams): void {
    const code = randomBytes(16).toString('hex');
    this.#devices.set(code, form.get('code_challenge') ?? '');
    json(response, {
      device_code: code,
      user_code: 'BCDF-GHJK',
      verification_uri: `${this.url}/go`,
      expires_in: 300,
      interval: 2,
    });
  }

  async #token(response: ServerResponse, form: URLSearchParams): Promise<void> {
    const grant = form.get('grant_type');
    if (grant === 'authorization_code') return this.#redeemCode(response, form);
    if (grant === 'client_credentials' && form.get('client_secret') === 'the secret') {
      return this.#grant(response, {});
    }
    if (grant === 'urn:ietf:params:oauth:grant-type:device_code') {
      const challenge = this.#devices.get(form.get('device_code') ?? '');
      const error = this.deviceErrors.shift();
      if (error !== undefined) return json(response, { error }, 400);
      if (challenge === challengeOf(form)) return this.#grant(response, {});
    }
    json(response, { error: 'invalid_grant', error_description: 'no such grant' }, 400);
  }

  async #redeemCode(response: ServerResponse, form: URLSearchParams): Promise<void> {
    const code = form.get('code') ?? '';
    const query = this.#codes.get(code)?.query;
    this.#codes.delete(code);
    const fits =
      query?.get('redirect_uri') === form.get('redirect_uri') &&
      query?.get('client_id') === form.get('client_id') &&
      query?.get('code_challenge') === challengeOf(form);
    if (!fits) return json(response, { error: 'invalid_grant', error_description: 'the code is spent' }, 400);
    await this.#grant(response, { nonce: query?.get('nonce') });
  }

  async #grant(response: ServerResponse, claims: Record<string, unknown>): Promise<void> {
    const seconds = Math.floor(NOW.getTime() / 1000);
    const token = await new SignJWT({
      iss: this.url,
      aud: 'sigstore',
      sub: 'ada',
      email: 'ada@example.com',
      email_verified: true,
      iat: seconds,
      exp: seconds + 300,
      ...claims,
      ...this.claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(this.#privateKey);
    json(response, { access_token: 'an access token', token_type: 'Bearer', id_token: token });
  }
}

function challengeOf(form: URLSearchParams): string {
  return createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
}

export function json(response: ServerResponse, value: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
