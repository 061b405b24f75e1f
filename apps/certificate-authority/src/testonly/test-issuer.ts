import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

/** A foreign identity provider over real HTTP: GitHub-shaped tokens, RS256. */
export class TestIssuer {
  keys: JWK[] = [];
  down = false;
  readonly publicJwk: JWK;
  readonly #privateKey: CryptoKey;
  readonly #server: Server;

  private constructor(publicJwk: JWK, privateKey: CryptoKey) {
    this.publicJwk = publicJwk;
    this.keys = [publicJwk];
    this.#privateKey = privateKey;
    this.#server = createServer((request, response) => {
      if (this.down) return void response.writeHead(503).end();
      const document = request.url === '/keys' ? { keys: this.keys } : this.#discovery();
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    });
  }

  static async start(): Promise<TestIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
    const issuer = new TestIssuer(jwk, privateKey);
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  sign(claims: JWTPayload, header: Record<string, string> = {}): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT', ...header })
      .sign(this.#privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #discovery(): object {
    return {
      issuer: this.url,
      jwks_uri: `${this.url}/keys`,
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }
}

/** The claims GitHub sends for a job of a reusable workflow. */
export function githubClaims(issuer: string, now: Date): JWTPayload {
  const seconds = Math.floor(now.getTime() / 1000);
  return {
    iss: issuer,
    aud: 'sigstore',
    sub: 'repo:octo/app:ref:refs/heads/main',
    iat: seconds,
    nbf: seconds,
    exp: seconds + 600,
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
