import { describe, expect, it } from '@jest/globals';
import { firstRekorV2Origin, followRekorV2Shard, type RekorV2Shard } from './rekor-v2-shard.ts';

const now = new Date('2026-05-01T10:00:00Z');

describe('firstRekorV2Origin', () => {
  it.each([
    ['localhost', 'log2026-1.localhost'],
    ['log.acme.test', 'log2026-1.log.acme.test'],
    ['Log.Acme.Test', 'log2026-1.log.acme.test'],
    ['10.0.0.5', 'log2026-1.host-10-0-0-5'],
    ['[::1]', 'log2026-1.host-1'],
    ['2001:db8::', 'log2026-1.host-2001-db8'],
    ['localhost:3000', 'log2026-1.host-localhost-3000'],
  ])('names the first shard of %s', (host, origin) => {
    expect(firstRekorV2Origin(host, now)).toBe(origin);
    expect(new URL(`http://${origin}`).hostname).toBe(origin);
  });
});

describe('followRekorV2Shard', () => {
  const shard = (number: number, start: string): RekorV2Shard => ({
    origin: `log2026-${number}.acme.test`,
    publicKeyPem: `key ${number}`,
    validFor: { start: new Date(start) },
  });
  const first = shard(1, '2026-01-01T00:00:00Z');
  const second = shard(2, '2026-06-01T00:00:00Z');
  const third = shard(3, '2026-09-01T00:00:00Z');
  const end = new Date('2026-06-08T00:00:00Z');

  it('puts the next shard behind and closes the window of the one before, and of no other', () => {
    const two = followRekorV2Shard([first], second, end);
    expect(two).toEqual([{ ...first, validFor: { ...first.validFor, end } }, second]);
    const later = new Date('2026-09-02T00:00:00Z');
    expect(followRekorV2Shard(two, third, later)).toEqual([
      two[0],
      { ...second, validFor: { ...second.validFor, end: later } },
      third,
    ]);
  });

  it('begins the list with a first shard', () => {
    expect(followRekorV2Shard([], first, end)).toEqual([first]);
  });

  it('refuses an origin that is taken', () => {
    expect(() => followRekorV2Shard([first, second], { ...third, origin: first.origin }, end)).toThrow(
      /there is a shard log2026-1\.acme\.test already/,
    );
  });

  it('refuses windows with a gap between them', () => {
    expect(() => followRekorV2Shard([first], second, new Date('2026-05-31T00:00:00Z'))).toThrow(
      /nothing would be trusted between/,
    );
  });
});
