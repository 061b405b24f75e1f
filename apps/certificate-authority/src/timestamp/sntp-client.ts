import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { on, once } from 'node:events';
import type { ClockServer } from './clock-server.ts';
import { encodeSntpRequest, isReplyTo, readSntpReply, SntpError, type ClockReading } from './sntp-message.ts';

export interface SntpOptions {
  readonly clock: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
  /** For name, request and reply together. */
  readonly timeoutMs: number;
  /** Ends the wait early. */
  readonly signal: AbortSignal;
}

/**
 * Asks one server for the time, once (RFC 4330). Datagrams of other senders never reach the socket, and those that do
 * not repeat our request's timestamp are passed over.
 *
 * @throws SntpError when there is no reply in time, or one that tells nothing
 */
export async function askTime(server: ClockServer, options: SntpOptions): Promise<ClockReading> {
  const deadline = new AbortController();
  const abort = () => deadline.abort();
  const timer = setTimeout(abort, options.timeoutMs);
  options.signal.addEventListener('abort', abort, { once: true });
  if (options.signal.aborted) abort();
  try {
    return await exchange(server, options, deadline.signal);
  } catch (cause) {
    if (cause instanceof SntpError) throw cause;
    if (deadline.signal.aborted) throw new SntpError(`no reply within ${options.timeoutMs} ms`, { cause });
    throw new SntpError(`cannot be asked: ${(cause as Error).message}`, { cause });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', abort);
  }
}

async function exchange(
  server: ClockServer,
  { clock, randomBytes }: SntpOptions,
  signal: AbortSignal,
): Promise<ClockReading> {
  const { address, family } = await orAborted(lookup(server.host), signal);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  // Errors are seen where something is waited for; one in between must not end the process.
  socket.on('error', () => {});
  try {
    await connect(socket, server.port, address, signal);
    const request = encodeSntpRequest(randomBytes(8));
    const datagrams = on(socket, 'message', { signal }) as AsyncIterable<[Uint8Array]>;
    const sentAt = clock();
    socket.send(request);
    for await (const [datagram] of datagrams) {
      if (isReplyTo(request, datagram)) return readSntpReply(datagram, sentAt, clock());
    }
    throw new SntpError('socket closed');
  } finally {
    socket.close();
  }
}

/** From now on the system passes on datagrams of this address and port only. */
async function connect(socket: Socket, port: number, address: string, signal: AbortSignal): Promise<void> {
  const connected = once(socket, 'connect', { signal });
  socket.connect(port, address);
  await connected;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
