import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';

export interface TestKey {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

export async function generateTestKey(algorithm: string, kid: string): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }, privateKey };
}

/** The same key under another algorithm of its family: RSA keys are slow to make. */
export async function withAlgorithm(key: TestKey, algorithm: string): Promise<TestKey> {
  const privateKey = await importJWK({ ...(await exportJWK(key.privateKey)), alg: algorithm });
  return { jwk: { ...key.jwk, alg: algorithm }, privateKey: privateKey as CryptoKey };
}

type Answer = (response: ServerResponse) => void;

/** An OpenID Connect issuer over real HTTP whose every answer a test can replace. */
export class TestIssuer {
  readonly requests: string[] = [];
  /** Answers by path that stand in for the regular ones. */
  readonly answers = new Map<string, Answer>();
  keys: JWK[] = [];
  discovery: Record<string, unknown> = {};
  #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      this.requests.push(path);
      const answer = this.answers.get(path);
      if (answer !== undefined) answer(response);
      else if (path === DISCOVERY_PATH) this.#json(response, this.document());
      else if (path === KEYS_PATH) this.#json(response, { keys: this.keys });
      else response.writeHead(404).end();
    });
  }

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  document(): Record<string, unknown> {
    return {
      issuer: this.url,
      jwks_uri: `${this.url}${KEYS_PATH}`,
      id_token_signing_alg_values_supported: ['RS256'],
      ...this.discovery,
    };
  }

  reset(): void {
    this.requests.length = 0;
    this.answers.clear();
    this.discovery = {};
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #json(response: ServerResponse, value: unknown): void {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  }
}

export const DISCOVERY_PATH = '/.well-known/openid-configuration';
export const KEYS_PATH = '/keys';

export function signTestToken(
  key: TestKey,
  claims: JWTPayload,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const protectedHeader = { alg: key.jwk.alg as string, kid: key.jwk.kid as string, typ: 'JWT', ...header };
  return new SignJWT(claims).setProtectedHeader(protectedHeader).sign(key.privateKey);
}

/** The claims GitHub sends for a job of a reusable workflow. */
export function githubClaims(issuer: string, nowSeconds: number): JWTPayload {
  return {
    iss: issuer,
    aud: 'sigstore',
    sub: 'repo:octo/app:ref:refs/heads/main',
    iat: nowSeconds,
    nbf: nowSeconds - 300,
    exp: nowSeconds + 600,
    job_workflow_ref: 'octo/shared/.github/workflows/release.yml@refs/tags/v1',
    job_workflow_sha: '1'.repeat(40),
    sha: '2'.repeat(40),
    ref: 'refs/heads/main',
    repository: 'octo/app',
    repository_id: '4711',
    repository_owner: 'octo',
    repository_owner_id: '42',
    repository_visibility: 'private',
    event_name: 'push',
    workflow: 'Release',
    workflow_ref: 'octo/app/.github/workflows/ci.yml@refs/heads/main',
    workflow_sha: '3'.repeat(40),
    run_id: '123456',
    run_attempt: '2',
    runner_environment: 'github-hosted',
  };
}
