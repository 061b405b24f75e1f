import { once } from 'node:events';
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  status,
  type ConnectionInjector,
  type ServerInterceptor,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { MAX_REQUEST_BYTES } from '../signing-request.ts';

/** Where gRPC calls come in: on a port of its own, or over connections that another listener took. */
export interface GrpcFace {
  /** Without TLS. @returns the port */
  listen(port: number, host: string): Promise<number>;
  /** Speaks HTTP/2 over a connection that has been accepted, and decrypted, by another. */
  accept(socket: Duplex): void;
  /** Takes no new connections and calls, lets answers finish (10 s at most). */
  close(): Promise<void>;
}

/** Time for a request to arrive: bounds slow clients, as over HTTP. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Fulcio's bound for connections without a call. */
const IDLE_MS = 30_000;
/** Clients reconnect unnoticed; what they left unfinished goes with the connection. */
const MAX_AGE_MS = 10 * 60_000;
const MAX_AGE_GRACE_MS = 60_000;
/** After our end of a connection is closed, the other's is waited for no longer than this. */
const LINGER_MS = 5_000;
const DRAIN_MS = 10_000;

const OPTIONS = {
  'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
  'grpc.max_concurrent_streams': 100,
  // Megabytes of HTTP/2 buffers per connection; without it there is no bound.
  'grpc-node.max_session_memory': 16,
  'grpc.max_connection_idle_ms': IDLE_MS,
  'grpc.max_connection_age_ms': MAX_AGE_MS,
  'grpc.max_connection_age_grace_ms': MAX_AGE_GRACE_MS,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_channelz': 0,
};

export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface GrpcServerOptions {
  readonly requestTimeoutMs?: number;
  readonly idleMs?: number;
}

/** A gRPC server with bounded messages, streams and waits. */
export class GrpcServer implements GrpcFace {
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  readonly #sockets = new Set<Duplex>();
  readonly #listeners: NetServer[] = [];
  #closed: Promise<void> | undefined;

  constructor(services: readonly GrpcService[], options: GrpcServerOptions = {}) {
    const { requestTimeoutMs = REQUEST_TIMEOUT_MS, idleMs = IDLE_MS } = options;
    this.#server = new Server({
      ...OPTIONS,
      'grpc.max_connection_idle_ms': idleMs,
      interceptors: [requestTimeout(requestTimeoutMs)],
    });
    for (const { definition, implementation } of services)
      this.#server.addService(definition, implementation);
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  async listen(port: number, host: string): Promise<number> {
    const listener = createServer({ noDelay: true }, (socket) => this.accept(socket));
    listener.listen(port, host);
    await once(listener, 'listening');
    this.#listeners.push(listener);
    return (listener.address() as AddressInfo).port;
  }

  accept(socket: Duplex): void {
    if (this.#closed !== undefined) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // HTTP/2 answers for the connection; its failures are the other side's and nobody's to hear.
    socket.on('error', () => socket.destroy());
    socket.once('finish', () => setTimeout(() => socket.destroy(), LINGER_MS).unref());
    this.#injector.injectConnection(socket);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const stopped = this.#listeners.map(async (listener) => {
      listener.close();
      await once(listener, 'close');
    });
    this.#injector.drain(DRAIN_MS);
    await Promise.all([...this.#sockets].map(async (socket) => closed(socket)));
    await Promise.all(stopped);
    this.#server.forceShutdown();
  }
}

async function closed(socket: Duplex): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Calls whose request does not arrive in time. A deadline of the client's own is grpc-js's to keep. */
function requestTimeout(timeoutMs: number): ServerInterceptor {
  return (_method, call) => {
    let timer: NodeJS.Timeout | undefined;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            timer = setTimeout(
              () =>
                call.sendStatus({
                  code: status.DEADLINE_EXCEEDED,
                  details: `no whole request within ${timeoutMs} ms`,
                }),
              timeoutMs,
            );
            pass(metadata);
          },
          onReceiveHalfClose: (pass) => {
            clearTimeout(timer);
            pass();
          },
          onCancel: () => clearTimeout(timer),
        }),
    });
  };
}
