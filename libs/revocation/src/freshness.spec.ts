import { describe, expect, it } from '@jest/globals';
import { assertFresh } from './freshness.ts';
import { hours, listOf, NOW, REVOCATIONS } from './testonly/lists.ts';

const list = listOf(REVOCATIONS.serial, REVOCATIONS.key);

describe('a list may be relied on', () => {
  it('from when it was made until its end', () => {
    assertFresh(list, NOW);
    assertFresh(list, new Date(hours(24).getTime() - 1));
  });

  it('when the clocks differ by minutes', () => {
    assertFresh(list, new Date(NOW.getTime() - 5 * 60_000));
  });

  it.each([undefined, 0, 2])('when the highest sequence seen was %s', (seen) => {
    assertFresh(list, NOW, seen);
  });
});

describe('a list is refused', () => {
  it.each<[string, Date, number | undefined]>([
    ['EXPIRED', hours(24), undefined],
    ['EXPIRED', hours(48), 2],
    ['NOT_YET_VALID', hours(-1), undefined],
    ['ROLLBACK', NOW, 3],
  ])('%s', (code, now, seen) => {
    expect(() => assertFresh(list, now, seen)).toThrow(expect.objectContaining({ code }));
  });
});
