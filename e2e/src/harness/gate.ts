import { request as httpRequest, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to a service that can be closed: what a test chooses stays before it and is never passed on. */
export class Gate {
  readonly #server = createServer((request, response) => this.#take(request, response));
  readonly #target: URL;
  #holds: (request: IncomingMessage) => boolean = () => false;
  #met: () => void = () => undefined;

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async open(target: string): Promise<Gate> {
    const gate = new Gate(target);
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on. @returns resolves when one is held for the first time */
  hold(which: (request: IncomingMessage) => boolean): Promise<void> {
    this.#holds = which;
    return new Promise((resolve) => (this.#met = resolve));
  }

  release(): void {
    this.#holds = () => false;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#holds(request)) return this.#met();
    const { method, url = '/', headers } = request;
    const onward = httpRequest(new URL(url, this.#target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}
