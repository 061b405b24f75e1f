import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeSntpRequest, isReplyTo, readSntpReply, SntpError } from './sntp-message.ts';
import { timeReply, type ReplyFields } from './testonly/test-time-server.ts';

const NOW = new Date('2026-03-01T12:00:00.250Z');
const STAMP = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const REQUEST = encodeSntpRequest(STAMP);
const later = (ms: number, than = NOW): Date => new Date(than.getTime() + ms);
const read = (fields: ReplyFields = {}, sentAt = NOW, receivedAt = NOW) =>
  readSntpReply(timeReply(REQUEST, NOW, fields), sentAt, receivedAt);

describe('encodeSntpRequest', () => {
  it('says version 4, client, and nothing else but the random timestamp', () => {
    expect(REQUEST).toHaveLength(48);
    expect(REQUEST[0]).toBe(0b00_100_011);
    expect(REQUEST.subarray(1, 40).every((octet) => octet === 0)).toBe(true);
    expect(REQUEST.subarray(40)).toEqual(STAMP);
  });
});

describe('isReplyTo', () => {
  it('wants our transmit timestamp back, to the last bit', () => {
    const reply = timeReply(REQUEST, NOW);
    expect(isReplyTo(REQUEST, reply)).toBe(true);
    for (let at = 24; at < 32; at++) {
      const other = Uint8Array.from(reply);
      other[at] = (other[at] as number) ^ 1;
      expect(isReplyTo(REQUEST, other)).toBe(false);
    }
  });

  it('wants a whole message, and passes over what follows it', () => {
    const reply = timeReply(REQUEST, NOW);
    for (const length of [0, 1, 24, 32, 47])
      expect(isReplyTo(REQUEST, reply.subarray(0, length))).toBe(false);
    const signed = new Uint8Array(68);
    signed.set(reply);
    expect(isReplyTo(REQUEST, signed)).toBe(true);
  });
});

describe('readSntpReply', () => {
  it('measures a clock that is right as right, to a millisecond', () => {
    expect(Math.abs(read().offsetMs)).toBeLessThan(1);
  });

  it('finds any offset of ours, and half the round trip as its uncertainty', () => {
    const span = 30 * 365 * 86_400_000;
    fc.assert(
      fc.property(fc.integer({ min: -span, max: span }), fc.nat(2000), fc.nat(500), (ahead, oneWay, busy) => {
        // The server gets it oneWay after it left and replies busy later; our clock is ahead of its.
        const sentAt = later(ahead - oneWay);
        const receivedAt = later(ahead + busy + oneWay);
        const fields = { transmit: later(busy), rootDelaySeconds: 0, rootDispersionSeconds: 0 };
        const { offsetMs, uncertaintyMs } = read(fields, sentAt, receivedAt);
        expect(Math.abs(offsetMs + ahead)).toBeLessThan(2);
        expect(Math.abs(uncertaintyMs - oneWay)).toBeLessThan(2);
      }),
    );
  });

  it('adds the server’s distance from UTC to the uncertainty', () => {
    const { uncertaintyMs } = read({ rootDelaySeconds: 1, rootDispersionSeconds: 0.25 });
    expect(Math.round(uncertaintyMs)).toBe(750);
    expect(Math.round(read({ rootDelaySeconds: -1, rootDispersionSeconds: 0.25 }).uncertaintyMs)).toBe(250);
  });

  it('measures across the end of the first era in 2036', () => {
    const end = new Date('2036-02-07T06:28:16Z');
    const [before, after] = [later(-300, end), later(700, end)];
    const reply = timeReply(REQUEST, after);
    expect(Math.round(readSntpReply(reply, before, before).offsetMs)).toBe(1000);
    expect(Math.round(readSntpReply(timeReply(REQUEST, before), after, after).offsetMs)).toBe(-1000);
  });

  it('takes version 3, and every stratum of a synchronized server', () => {
    expect(() => read({ version: 3 })).not.toThrow();
    for (const stratum of [1, 2, 15]) expect(() => read({ stratum })).not.toThrow();
    // A leap second is announced, not yet there.
    for (const leap of [1, 2]) expect(() => read({ leap })).not.toThrow();
  });

  it.each<[string, ReplyFields, RegExp]>([
    ['a server that is not synchronized', { leap: 3 }, /not synchronized/],
    ['a kiss of death', { stratum: 0, referenceId: 'RATE' }, /sends us away: RATE/],
    [
      'a kiss of death with a code that is none',
      { stratum: 0, referenceId: '\n"x\0' },
      /sends us away: no reason/,
    ],
    ['stratum 16', { stratum: 16 }, /stratum 16/],
    ['a request played back', { mode: 3 }, /mode 3/],
    ['a broadcast', { mode: 5 }, /mode 5/],
    ['version 2', { version: 2 }, /version 2/],
    ['a reply without a transmit timestamp', { transmit: 0 }, /without the time/],
    ['a reply without a receive timestamp', { receive: 0 }, /without the time/],
    [
      'a reply sent before the request came',
      { receive: later(10), transmit: NOW },
      /before the request came/,
    ],
    ['a server set after its reply', { reference: later(10_000) }, /set after/],
    ['a server far from its source', { rootDispersionSeconds: 20 }, /too far/],
    ['a server far from its source by delay', { rootDelaySeconds: 40 }, /too far/],
  ])('learns nothing from %s', (_name, fields, message) => {
    expect(() => read(fields)).toThrow(SntpError);
    expect(() => read(fields)).toThrow(message);
  });

  it('reads any reply or refuses it with its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 100 }), (reply) => {
        try {
          const { offsetMs, uncertaintyMs } = readSntpReply(reply, NOW, later(5));
          expect(Number.isFinite(offsetMs) && uncertaintyMs >= 0).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(SntpError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
