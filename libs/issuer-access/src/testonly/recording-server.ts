import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsIdentity } from './tls-authority.ts';

export interface SeenRequest {
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A server on this machine that answers by path and remembers who asked, and with what. */
export class RecordingServer {
  readonly requests: SeenRequest[] = [];
  connections = 0;
  readonly answers = new Map<string, (response: ServerResponse) => void>();
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const path = request.url ?? '';
      this.requests.push({ path, authorization: request.headers.authorization });
      (this.answers.get(path) ?? ((open) => void open.end('hello')))(response);
    });
    server.on(scheme === 'https' ? 'secureConnection' : 'connection', () => this.connections++);
  }

  static async start(identity?: TlsIdentity): Promise<RecordingServer> {
    const server = identity === undefined ? createHttpServer() : createHttpsServer({ ...identity });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RecordingServer(server as Server, identity === undefined ? 'http' : 'https');
  }

  redirect(path: string, location: string): void {
    this.answers.set(path, (response) => void response.writeHead(302, { location }).end());
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
