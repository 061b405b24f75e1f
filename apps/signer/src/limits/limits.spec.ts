import { describe, expect, it } from '@jest/globals';
import { HttpProblem } from '@sigstead/server';
import type { SignerIdentity } from '@sigstead/verification';
import { Door } from './door.ts';
import { KnownTokens } from './known-tokens.ts';
import { Slots } from './slots.ts';
import { TokenBuckets } from './token-buckets.ts';

const at = (ms: number) => new Date(1_700_000_000_000 + ms);
const forever = () => new Promise<never>(() => undefined);

describe('TokenBuckets', () => {
  const buckets = () => new TokenBuckets({ perMinute: 60, burst: 10 });

  it('gives the burst at once, then as much as a minute has', () => {
    const some = buckets();
    for (let i = 0; i < 10; i++) expect(some.take('a', 1, at(0))).toBe(0);
    expect(some.take('a', 1, at(0))).toBe(1000);
    expect(some.take('a', 1, at(999))).toBe(1);
    expect(some.take('a', 1, at(1000))).toBe(0);
    expect(some.take('a', 10, at(1000))).toBe(10_000);
  });

  it('keeps keys apart, and takes nothing when it refuses', () => {
    const some = buckets();
    expect(some.take('a', 9, at(0))).toBe(0);
    expect(some.take('a', 2, at(0))).toBe(1000);
    expect([some.take('a', 1, at(0)), some.take('b', 10, at(0))]).toEqual([0, 0]);
  });

  it('gives more than the burst from a full bucket only, and fills the longer', () => {
    const some = buckets();
    expect(some.take('a', 100, at(0))).toBe(0);
    expect(some.take('a', 1, at(0))).toBe(91_000);
    expect(some.take('a', 1, at(91_000))).toBe(0);
  });

  it('does not fill beyond the burst, nor by a clock that goes back', () => {
    const some = buckets();
    expect(some.take('a', 10, at(0))).toBe(0);
    expect(some.take('a', 1, at(-50_000))).toBe(1000);
    expect(some.take('a', 11, at(3_600_000))).toBe(0);
    expect(some.take('a', 1, at(3_600_000))).toBe(2000);
  });
});

describe('Slots', () => {
  it('has so many at work, and the others in turn', async () => {
    const slots = new Slots(2);
    const order: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      [0, 1, 2, 3, 4].map((n) =>
        slots.run(async () => {
          most = Math.max(most, ++running);
          await Promise.resolve();
          order.push(n);
          running--;
        }),
      ),
    );
    expect([most, order]).toEqual([2, [0, 1, 2, 3, 4]]);
  });

  it('is free again after a failure', async () => {
    const slots = new Slots(1);
    await expect(slots.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await slots.run(() => Promise.resolve(1))).toBe(1);
  });
});

describe('Door', () => {
  const refused = async (work: Promise<unknown>) => {
    await expect(work).rejects.toBeInstanceOf(HttpProblem);
    await expect(work).rejects.toMatchObject({ status: 503 });
  };

  it('lets in so many, of strangers half', async () => {
    const door = new Door(4);
    void door.pass(false, forever);
    void door.pass(false, forever);
    await refused(door.pass(false, forever));
    void door.pass(true, forever);
    void door.pass(true, forever);
    await refused(door.pass(true, forever));
    expect(door.inside).toBe(4);
  });

  it('has room for another stranger when one is recognised, and when one leaves', async () => {
    const door = new Door(4);
    let known: () => void = () => undefined;
    void door.pass(false, (recognised) => {
      known = recognised;
      return forever();
    });
    void door.pass(false, forever);
    known();
    known();
    await door.pass(false, () => Promise.resolve());
    await expect(door.pass(false, () => Promise.reject(new Error('left')))).rejects.toThrow('left');
    void door.pass(false, forever);
    await refused(door.pass(false, forever));
  });
});

describe('KnownTokens', () => {
  const identity = { identity: 'x' } as SignerIdentity;

  it('knows a token as long as its certificate', () => {
    const tokens = new KnownTokens();
    expect(tokens.identityOf('token', at(0))).toBeUndefined();
    tokens.remember('token', identity, at(10));
    expect([tokens.identityOf('token', at(10)), tokens.identityOf('token', at(11))]).toEqual([
      identity,
      undefined,
    ]);
    expect(tokens.identityOf('tokem', at(0))).toBeUndefined();
  });

  it('forgets the oldest when there are too many', () => {
    const tokens = new KnownTokens();
    for (let i = 0; i <= 10_000; i++) tokens.remember(String(i), identity, at(10));
    expect([tokens.identityOf('0', at(0)), tokens.identityOf('1', at(0))]).toEqual([undefined, identity]);
  });
});
