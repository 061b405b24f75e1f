/** Why a reply tells nothing about the time. */
export class SntpError extends Error {
  override readonly name = 'SntpError';
}

/** What one server says of our clock. */
export interface ClockReading {
  /** Server's time minus ours: positive when our clock is slow. */
  readonly offsetMs: number;
  /** The offset is known to within this much: half the way there and back, and the server's own distance from UTC. */
  readonly uncertaintyMs: number;
}

const MESSAGE_BYTES = 48;
const MODE_CLIENT = 3;
const MODE_SERVER = 4;
const VERSION = 4;
const LEAP_UNSYNCHRONIZED = 3;
const MAX_STRATUM = 15;
/** RFC 5905 appendix A.1.1, MAXDISP. */
const MAX_ROOT_DISTANCE_MS = 16_000;
/** From 1900, where NTP counts from, to 1970 (RFC 5905 figure 4). */
const SECONDS_TO_UNIX_EPOCH = 2_208_988_800n;

const at = {
  stratum: 1,
  rootDelay: 4,
  rootDispersion: 8,
  referenceId: 12,
  reference: 16,
  origin: 24,
  receive: 32,
  transmit: 40,
};

/**
 * A client's request: everything zero but version, mode and transmit timestamp (RFC 4330 section 5).
 *
 * @param transmitTimestamp 8 random octets instead of our time: a reply must repeat them, and who cannot read our
 *   packets cannot guess them
 */
export function encodeSntpRequest(transmitTimestamp: Uint8Array): Uint8Array {
  const message = new Uint8Array(MESSAGE_BYTES);
  message[0] = (VERSION << 3) | MODE_CLIENT;
  message.set(transmitTimestamp, at.transmit);
  return message;
}

/** Whether a datagram answers this very request; what does not is not even looked at. */
export function isReplyTo(request: Uint8Array, reply: Uint8Array): boolean {
  if (reply.length < MESSAGE_BYTES) return false;
  for (let i = 0; i < 8; i++) if (reply[at.origin + i] !== request[at.transmit + i]) return false;
  return true;
}

/**
 * Reads a reply and measures our clock by it (RFC 4330 section 5, RFC 5905 section 8).
 *
 * @param reply for which {@link isReplyTo} holds
 * @param sentAt our clock when the request left
 * @param receivedAt our clock when the reply came
 * @throws SntpError when the server is not synchronized, sends us away, or contradicts itself
 */
export function readSntpReply(reply: Uint8Array, sentAt: Date, receivedAt: Date): ClockReading {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.byteLength);
  verifyHeader(view);
  const rootDistanceMs = readRootDistance(view);
  const received = view.getBigUint64(at.receive);
  const transmitted = view.getBigUint64(at.transmit);
  verifyTimestamps(view.getBigUint64(at.reference), received, transmitted);
  const there = difference(received, toNtp(sentAt));
  const back = difference(transmitted, toNtp(receivedAt));
  const roundTripMs = Math.max(
    0,
    receivedAt.getTime() - sentAt.getTime() - difference(transmitted, received),
  );
  return { offsetMs: (there + back) / 2, uncertaintyMs: roundTripMs / 2 + rootDistanceMs };
}

function verifyHeader(view: DataView): void {
  const first = view.getUint8(0);
  const [leap, version, mode] = [first >> 6, (first >> 3) & 7, first & 7];
  const stratum = view.getUint8(at.stratum);
  if (mode !== MODE_SERVER) throw new SntpError(`mode ${mode}, want ${MODE_SERVER}`);
  if (version !== VERSION && version !== VERSION - 1)
    throw new SntpError(`version ${version}, want ${VERSION}`);
  if (stratum === 0) throw new SntpError(`server sends us away: ${kissCode(view)}`);
  if (stratum > MAX_STRATUM) throw new SntpError(`stratum ${stratum}, want 1 to ${MAX_STRATUM}`);
  if (leap === LEAP_UNSYNCHRONIZED) throw new SntpError('server is not synchronized');
}

/** Four letters, such as RATE or DENY (RFC 5905 section 7.4). */
function kissCode(view: DataView): string {
  const letters = [0, 1, 2, 3].map((i) => String.fromCharCode(view.getUint8(at.referenceId + i))).join('');
  return /^[A-Z]{4}$/.test(letters) ? letters : 'no reason';
}

/** Both are 16.16 fixed-point seconds. */
function readRootDistance(view: DataView): number {
  const delay = view.getInt32(at.rootDelay);
  const dispersion = view.getUint32(at.rootDispersion);
  const distanceMs = ((Math.max(0, delay) / 2 + dispersion) * 1000) / 65536;
  if (distanceMs >= MAX_ROOT_DISTANCE_MS) throw new SntpError('server is too far from its source of time');
  return distanceMs;
}

function verifyTimestamps(reference: bigint, received: bigint, transmitted: bigint): void {
  if (received === 0n || transmitted === 0n) throw new SntpError('reply without the time');
  if (difference(transmitted, received) < 0) throw new SntpError('reply sent before the request came');
  if (reference !== 0n && difference(transmitted, reference) < 0)
    throw new SntpError('server was set after it replied');
}

/** 64-bit timestamp of RFC 5905 section 6; the era, 136 years, is dropped. */
function toNtp(date: Date): bigint {
  const milliseconds = BigInt(date.getTime()) + SECONDS_TO_UNIX_EPOCH * 1000n;
  return BigInt.asUintN(64, (milliseconds << 32n) / 1000n);
}

/** Milliseconds from b to a; right across the end of an era when both are within 68 years. */
function difference(a: bigint, b: bigint): number {
  return (Number(BigInt.asIntN(64, a - b)) * 1000) / 2 ** 32;
}
