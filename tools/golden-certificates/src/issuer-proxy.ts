import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { JWK } from 'jose';
import { WebAuthority } from './web-authority.ts';

const WELL_KNOWN = '/.well-known/openid-configuration';
const KEYS = '/.well-known/jwks';

/**
 * A CONNECT proxy (RFC 9110 section 9.3.6) behind which every host is an OpenID Connect issuer: it ends TLS with a certificate
 * of its own CA for whatever host was asked for, and answers with discovery and keys. No connection leaves the machine.
 */
export class IssuerProxy {
  /** The issuer of the next token: discovery must repeat it, trailing slash included. */
  issuer = '';
  readonly #authority: WebAuthority;
  readonly #keys: readonly JWK[];
  readonly #server: Server;

  private constructor(authority: WebAuthority, keys: readonly JWK[]) {
    this.#authority = authority;
    this.#keys = keys;
    const contexts = new Map<string, Promise<SecureContext>>();
    const contextOf = (host: string): Promise<SecureContext> => {
      const known = contexts.get(host) ?? authority.certify(host).then(createSecureContext);
      contexts.set(host, known);
      return known;
    };
    const issuers = createTlsServer({
      SNICallback: (host, done) =>
        void contextOf(host).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        ),
    });
    issuers.on('request', (request, response) => this.#answer(request, response));
    this.#server = createServer();
    this.#server.on('connect', (_request: IncomingMessage, socket: Socket) => {
      socket.on('error', () => socket.destroy());
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      issuers.emit('connection', socket);
    });
  }

  static async start(keys: readonly JWK[]): Promise<IssuerProxy> {
    const proxy = new IssuerProxy(await WebAuthority.make(), keys);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** PEM of the CA that its clients must trust. */
  get authorityPem(): string {
    return this.#authority.pem;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const address = `https://${request.headers.host}${request.url}`;
    if (address.endsWith(KEYS)) return json(response, { keys: this.#keys });
    if (!address.endsWith(WELL_KNOWN)) return void response.writeHead(404).end();
    const base = address.slice(0, -WELL_KNOWN.length);
    const issuer = this.issuer.replace(/\/$/, '') === base ? this.issuer : base;
    json(response, {
      issuer,
      jwks_uri: `${base}${KEYS}`,
      authorization_endpoint: `${base}/authorize`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    });
  }
}

function json(response: ServerResponse, document: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
}
