import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/**
 * When to cut the next COMMIT: 'request' before the server sees it, so nothing is stored; 'answer' after the server has done it,
 * so everything is stored and nobody is told.
 */
export type Cut = 'request' | 'answer';

export interface CommitProxy {
  readonly url: string;
  /** Cuts the connections of the next `times` COMMITs. */
  arm(cut: Cut, times?: number): void;
  /** COMMITs cut so far. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** Both directions spell it the same way: text and NUL of a Query message, and of a CommandComplete message. */
const COMMIT = Buffer.from('COMMIT\0');

/** A TCP proxy before PostgreSQL that can lose a COMMIT on either side. */
export async function startCommitProxy(databaseUrl: string): Promise<CommitProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const armed = { request: 0, answer: 0 };
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const forward = (from: Socket, to: Socket, cut: Cut): void => {
      sockets.add(from);
      from.on('data', (data: Buffer) => {
        if (armed[cut] > 0 && data.includes(COMMIT)) {
          armed[cut] -= 1;
          cuts += 1;
          client.destroy();
          upstream.destroy();
        } else if (!to.destroyed) {
          to.write(data);
        }
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    };
    forward(client, upstream, 'request');
    forward(upstream, client, 'answer');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    arm: (cut, times = 1) => (armed[cut] = times),
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
