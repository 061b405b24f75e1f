import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fetch, ServiceOptions } from '../call.ts';
import { ClientError, type ClientErrorCode } from '../errors.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A service that answers as it is told, and remembers what it was asked. */
export class ScriptedServer {
  readonly seen: Seen[] = [];
  respond: (request: Seen, response: ServerResponse) => void = (_request, response) => response.end();
  baseUrl = '';
  readonly #fetch: Fetch;
  readonly #server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks) };
    this.seen.push(one);
    this.respond(one, response);
  });

  private constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  static async start(fetch: Fetch): Promise<ScriptedServer> {
    const server = new ScriptedServer(fetch);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.baseUrl = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}/base/`;
    return server;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Answers everything with this: text and bytes as they are, other values as JSON. */
  answer(status: number, value: unknown, headers: Record<string, string> = {}): void {
    const raw = typeof value === 'string' || value instanceof Uint8Array;
    this.respond = (_request, response) =>
      response.writeHead(status, headers).end(raw ? value : JSON.stringify(value));
  }

  options(timeoutMs = 20_000): ServiceOptions {
    return { baseUrl: this.baseUrl, fetch: this.#fetch, timeoutMs };
  }
}

/** The ClientError with which the call fails. */
export async function failure(work: Promise<unknown>, code: ClientErrorCode): Promise<ClientError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ClientError && error.code === code) return error;
  throw new Error(`want ClientError ${code}, got ${String(error)}`, { cause: error });
}
