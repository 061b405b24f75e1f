import { randomBytes, randomInt } from 'node:crypto';
import { encodeBase64Url } from '@sigstead/encoding';
import { challengeOf } from './authorization-codes.ts';

/** What a client without a browser asked for (RFC 8628 section 3.1). */
export interface DeviceRequest {
  readonly issuer: string;
  readonly clientId: string;
  /** SHA-256 of the verifier, base64url, from clients that use PKCE here too. */
  readonly codeChallenge: string | undefined;
}

/** RFC 8628 section 3.4. */
export interface DevicePoll {
  readonly issuer: string;
  readonly clientId: string;
  readonly deviceCode: string;
  readonly codeVerifier: string;
}

/** RFC 8628 section 3.5; what does not fit is `invalid_grant`. */
export type DeviceAnswer =
  'approved' | 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token' | 'invalid_grant';

interface OpenRequest {
  readonly request: DeviceRequest;
  readonly userCode: string;
  readonly until: number;
  decision: 'approved' | 'access_denied' | undefined;
  polledAt: number;
}

export const DEVICE_LIFETIME_SECONDS = 5 * 60;
/** Between two polls. Shorter than the RFC's five seconds: whoever develops waits for it. */
export const POLL_INTERVAL_SECONDS = 1;
/** Without vowels and look-alikes, so that codes can be read out and spell nothing (RFC 8628 section 6.1). */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const MAX_OPEN = 1000;

/** Logins of this process that wait for somebody to approve them elsewhere. */
export class DeviceCodes {
  readonly #clock: () => Date;
  readonly #open = new Map<string, OpenRequest>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  issue(request: DeviceRequest): { readonly deviceCode: string; readonly userCode: string } {
    const deviceCode = encodeBase64Url(new Uint8Array(randomBytes(32)));
    const userCode = newUserCode();
    const until = this.#clock().getTime() + DEVICE_LIFETIME_SECONDS * 1000;
    this.#open.set(deviceCode, { request, userCode, until, decision: undefined, polledAt: -Infinity });
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    return { deviceCode, userCode };
  }

  /** @returns whether there is such a login, and nobody has decided about it yet */
  decide(issuer: string, userCode: string, decision: 'approved' | 'access_denied'): boolean {
    const typed = userCode.toUpperCase().replaceAll(/[^A-Z]/g, '');
    const now = this.#clock().getTime();
    const waiting = [...this.#open.values()].find(
      (open) =>
        open.request.issuer === issuer &&
        open.userCode.replace('-', '') === typed &&
        open.decision === undefined &&
        now <= open.until,
    );
    if (waiting === undefined) return false;
    waiting.decision = decision;
    return true;
  }

  /** What a client that asks hears. A code that was decided about is spent. */
  poll(poll: DevicePoll): DeviceAnswer {
    const open = this.#open.get(poll.deviceCode);
    if (open === undefined || !fits(open.request, poll)) return 'invalid_grant';
    const now = this.#clock().getTime();
    if (now > open.until) return 'expired_token';
    const tooSoon = now - open.polledAt < POLL_INTERVAL_SECONDS * 1000;
    open.polledAt = now;
    if (open.decision === undefined) return tooSoon ? 'slow_down' : 'authorization_pending';
    this.#open.delete(poll.deviceCode);
    return open.decision;
  }
}

function fits({ issuer, clientId, codeChallenge }: DeviceRequest, poll: DevicePoll): boolean {
  const proven = codeChallenge === undefined || codeChallenge === challengeOf(poll.codeVerifier);
  return issuer === poll.issuer && clientId === poll.clientId && proven;
}

function newUserCode(): string {
  const letters = Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
