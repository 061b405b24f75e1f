import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatTilePath } from './tile-path.ts';
import { rowLength, rowOf, tilesOf, tileWidth } from './tile-width.ts';

const paths = (size: bigint): string[] => [...tilesOf(size)].map(formatTilePath);

describe('tiles of a tree', () => {
  it('there are none without leaves', () => {
    expect(paths(0n)).toEqual([]);
    expect([...rowOf('entries', 0n)]).toEqual([]);
  });

  it.each([
    [1n, ['tile/0/000.p/1']],
    [255n, ['tile/0/000.p/255']],
    [256n, ['tile/0/000', 'tile/1/000.p/1']],
    [257n, ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']],
    [65_536n, [...full(0, 256), 'tile/1/000', 'tile/2/000.p/1']],
    [70_000n, [...full(0, 273), 'tile/1/000', 'tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']],
  ])('of %s leaves', (size, want) => {
    expect(paths(size).sort()).toEqual([...want].sort());
  });

  it('come with the partial ones last', () => {
    const widths = [...tilesOf(70_000n)].map(({ width }) => width);
    expect(widths.findIndex((width) => width < 256)).toBe(274);
    expect(widths.slice(274)).toEqual([112, 17, 1]);
  });

  it('of entries are as those of level 0', () => {
    const row = [...rowOf('data', 513n)];
    expect(row.map(formatTilePath)).toEqual(['tile/data/000', 'tile/data/001', 'tile/data/002.p/1']);
  });

  it('hold every node of every level once', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 300_000n), (size) => {
        const held = new Map<unknown, bigint>();
        for (const { level, width } of tilesOf(size))
          held.set(level, (held.get(level) ?? 0n) + BigInt(width));
        for (let level = 0; level < 4; level++) expect(held.get(level) ?? 0n).toBe(rowLength(level, size));
      }),
      { numRuns: 30 },
    );
  });
});

describe('tileWidth', () => {
  it('is nothing outside the tree', () => {
    expect(tileWidth(0, -1n, 1000n)).toBe(0);
    expect(tileWidth(0, 4n, 1000n)).toBe(0);
    expect(tileWidth(1, 0n, 255n)).toBe(0);
    expect(tileWidth(63, 0n, (1n << 64n) - 1n)).toBe(0);
    expect(tileWidth('entries', 1n, 256n)).toBe(0);
  });

  it('is that of the greatest tree at its edge', () => {
    const size = (1n << 64n) - 1n;
    expect(tileWidth('data', (1n << 56n) - 1n, size)).toBe(255);
    expect(tileWidth(7, 0n, size)).toBe(255);
  });

  it('only grows with the tree', () => {
    const size = fc.bigInt(0n, 1n << 40n);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.bigInt(0n, 1n << 32n), size, size, (level, n, a, b) => {
        expect(tileWidth(level, n, a + b)).toBeGreaterThanOrEqual(tileWidth(level, n, a));
      }),
    );
  });
});

function full(level: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => formatTilePath({ level, n: BigInt(n), width: 256 }));
}
