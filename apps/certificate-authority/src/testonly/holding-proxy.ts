import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to PostgreSQL that can keep back what the server answers. */
export interface HoldingProxy {
  readonly url: string;
  /** From the next statement with this text on, answers on its connection are kept back; resolves when there is one. */
  hold(statement: string): Promise<void>;
  close(): Promise<void>;
}

export async function startHoldingProxy(databaseUrl: string): Promise<HoldingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let awaited: { readonly statement: string; readonly held: () => void } | undefined;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let holding: (() => void) | undefined;
    client.on('data', (data) => {
      if (awaited !== undefined && data.includes(awaited.statement)) {
        holding = awaited.held;
        awaited = undefined;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (holding === undefined) client.write(data);
      else holding();
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    hold: (statement) => new Promise((held) => (awaited = { statement, held })),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
