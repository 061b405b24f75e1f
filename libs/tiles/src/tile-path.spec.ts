import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatTilePath, parseTilePath } from './tile-path.ts';
import type { TileAddress, TileLevel } from './tile-width.ts';

const level: fc.Arbitrary<TileLevel> = fc.oneof(
  fc.integer({ min: 0, max: 63 }),
  fc.constantFrom('entries' as const, 'data' as const),
);
const tile: fc.Arbitrary<TileAddress> = fc.record({
  level,
  n: fc.oneof(fc.bigInt(0n, 2_000n), fc.bigInt(0n, (1n << 56n) - 1n)),
  width: fc.integer({ min: 1, max: 256 }),
});

describe('tile path', () => {
  it.each<[string, TileLevel, bigint, number]>([
    ['tile/0/000', 0, 0n, 256],
    ['tile/0/999', 0, 999n, 256],
    ['tile/0/x001/000', 0, 1000n, 256],
    ['tile/0/x001/x234/067', 0, 1234067n, 256],
    ['tile/3/x001/x234/067.p/8', 3, 1234067n, 8],
    ['tile/0/x001/234.p/17', 0, 1234n, 17],
    ['tile/63/000.p/255', 63, 0n, 255],
    ['tile/entries/273.p/112', 'entries', 273n, 112],
    ['tile/data/x001/000', 'data', 1000n, 256],
    ['tile/0/x072/x057/x594/x037/x927/935', 0, (1n << 56n) - 1n, 256],
  ])('%s', (path, row, n, width) => {
    expect(parseTilePath(path)).toEqual({ level: row, n, width });
    expect(formatTilePath({ level: row, n, width })).toBe(path);
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(tile, (address) => expect(parseTilePath(formatTilePath(address))).toEqual(address)),
    );
  });

  it('belongs to one tile only: whatever is read is written the same', () => {
    const piece = fc.constantFrom(
      'tile',
      '/',
      'x',
      '0',
      '1',
      '12',
      '001',
      'x001',
      '.p/',
      'entries',
      '.',
      '-',
    );
    const text = fc.array(piece, { maxLength: 10 }).map((parts) => `tile/${parts.join('')}`);
    fc.assert(
      fc.property(text, (path) => {
        const address = parseTilePath(path);
        if (address !== undefined) expect(formatTilePath(address)).toBe(path);
      }),
    );
  });

  it.each([
    '',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/x001/x234',
    'tile/0/x001/x234/',
    'tile/0/001/234',
    'tile/0/X001/234',
    'tile/00/000',
    'tile/01/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/8/0/000',
    'tile/Entries/000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/1000',
    'tile/0/000.p',
    'tile/0/000.p/',
    'tile/0/000.p/-1',
    'tile/0/000.P/1',
    'tile/0/000 ',
    'tile/0/000\n',
    'tile/0/%30%30%30',
    'tile/0/../0/000',
    'tile/0/٠٠٠',
    'tile/0/x072/x057/x594/x037/x927/936',
    `tile/0/${'x999/'.repeat(100_000)}999`,
  ])('refuses %p', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it.each<[TileLevel, bigint, number]>([
    [-1, 0n, 1],
    [64, 0n, 1],
    [0.5, 0n, 1],
    [0, -1n, 1],
    [0, 1n << 56n, 1],
    [0, 0n, 0],
    [0, 0n, 257],
    [0, 0n, 1.5],
  ])('is not made for level %s, tile %s, width %s', (row, n, width) => {
    expect(() => formatTilePath({ level: row, n, width })).toThrow(
      expect.objectContaining({ name: 'TilesError', code: 'ADDRESS' }),
    );
  });
});
