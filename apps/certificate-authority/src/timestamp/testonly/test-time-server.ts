import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ClockServer } from '../clock-server.ts';

const NTP_EPOCH_MS = 2_208_988_800_000;

/** Fields of a reply that tests bend; the defaults are those of a good server. */
export interface ReplyFields {
  readonly leap?: number;
  readonly version?: number;
  readonly mode?: number;
  readonly stratum?: number;
  readonly rootDelaySeconds?: number;
  readonly rootDispersionSeconds?: number;
  readonly referenceId?: string;
  readonly reference?: Date | 0;
  readonly receive?: Date | 0;
  readonly transmit?: Date | 0;
  /** What the reply repeats; the request's transmit timestamp unless told. */
  readonly origin?: Uint8Array;
  /** Length of the datagram. */
  readonly bytes?: number;
}

/** A reply as RFC 4330 section 4 lays it out, written without the code under test. */
export function timeReply(request: Uint8Array, now: Date, fields: ReplyFields = {}): Uint8Array {
  const reply = Buffer.alloc(48);
  reply[0] = ((fields.leap ?? 0) << 6) | ((fields.version ?? 4) << 3) | (fields.mode ?? 4);
  reply[1] = fields.stratum ?? 2;
  reply.writeInt32BE(Math.round((fields.rootDelaySeconds ?? 0.01) * 65536), 4);
  reply.writeUInt32BE(Math.round((fields.rootDispersionSeconds ?? 0.01) * 65536), 8);
  reply.write(fields.referenceId ?? 'GPS', 12, 'latin1');
  writeTimestamp(reply, 16, fields.reference ?? new Date(now.getTime() - 60_000));
  reply.set(fields.origin ?? request.subarray(40, 48), 24);
  writeTimestamp(reply, 32, fields.receive ?? now);
  writeTimestamp(reply, 40, fields.transmit ?? now);
  return reply.subarray(0, fields.bytes ?? 48);
}

function writeTimestamp(reply: Buffer, at: number, date: Date | 0): void {
  if (date === 0) return;
  const ms = date.getTime() + NTP_EPOCH_MS;
  reply.writeUInt32BE(Math.floor(ms / 1000) % 2 ** 32, at);
  reply.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), at + 4);
}

/** A time server on a real UDP port of the loopback; it answers as `reply` says, or not at all. */
export class TestTimeServer {
  reply: (request: Uint8Array) => readonly Uint8Array[];
  readonly requests: Uint8Array[] = [];
  /** Port the last request came from. */
  clientPort = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket, reply: (request: Uint8Array) => readonly Uint8Array[]) {
    this.#socket = socket;
    this.reply = reply;
    socket.on('message', (request: Uint8Array, { port, address }: RemoteInfo) => {
      this.requests.push(Uint8Array.from(request));
      this.clientPort = port;
      for (const datagram of this.reply(request)) socket.send(datagram, port, address);
    });
  }

  static async start(now: () => Date): Promise<TestTimeServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new TestTimeServer(socket, (request) => [timeReply(request, now())]);
  }

  get server(): ClockServer {
    return { host: '127.0.0.1', port: (this.#socket.address() as AddressInfo).port };
  }

  async stop(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
