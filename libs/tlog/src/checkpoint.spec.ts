import { describe, expect, it } from '@jest/globals';
import { encodeBase64 } from '@sigstead/encoding';
import fc from 'fast-check';
import {
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
  parseRekorOrigin,
  rekorOrigin,
} from './checkpoint.ts';
import { refusal } from './testonly/errors.ts';

const rootHash = new Uint8Array(32).fill(9);
const root = encodeBase64(rootHash);
const sound: Checkpoint = { origin: 'log.example - 1', size: 12n, rootHash, extensions: [] };

const lines = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '1', '—'), minLength: 1, maxLength: 20 });
const checkpoints: fc.Arbitrary<Checkpoint> = fc.record({
  origin: lines,
  size: fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
  rootHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  extensions: fc.array(lines, { maxLength: 3 }),
});

describe('parseCheckpoint', () => {
  it('reads origin, size and root', () => {
    expect(parseCheckpoint(`log.example - 1\n12\n${root}\n`)).toEqual(sound);
  });

  it('keeps further lines', () => {
    expect(parseCheckpoint(`o\n0\n${root}\nTimestamp: 1689177396617352539\nx\n`).extensions).toEqual([
      'Timestamp: 1689177396617352539',
      'x',
    ]);
  });

  it('gives back what was formatted', () => {
    fc.assert(
      fc.property(checkpoints, (value) => expect(parseCheckpoint(formatCheckpoint(value))).toEqual(value)),
    );
  });

  it.each([
    ['no final line feed', `o\n1\n${root}`],
    ['no root', 'o\n1\n'],
    ['no origin', `\n1\n${root}\n`],
    ['an empty extension line', `o\n1\n${root}\n\nx\n`],
    ['a leading zero', `o\n01\n${root}\n`],
    ['a sign', `o\n+1\n${root}\n`],
    ['a negative size', `o\n-1\n${root}\n`],
    ['a hexadecimal size', `o\n0x1\n${root}\n`],
    ['a size of 2^63', `o\n9223372036854775808\n${root}\n`],
    ['a root of 31 bytes', `o\n1\n${encodeBase64(rootHash.subarray(1))}\n`],
    ['a root in hex', `o\n1\n${'09'.repeat(32)}\n`],
    ['a root with stray bits', `o\n1\n${root.replace(/.=$/, 'l=')}\n`],
    ['a carriage return', `o\r\n1\n${root}\n`],
    ['nothing', ''],
  ])('refuses %s', (_, body) => {
    expect(refusal(() => parseCheckpoint(body))).toBe('CHECKPOINT');
  });
});

describe('formatCheckpoint', () => {
  it.each<[string, Partial<Checkpoint>]>([
    ['an empty origin', { origin: '' }],
    ['a line feed in the origin', { origin: 'a\nb' }],
    ['a negative size', { size: -1n }],
    ['a size of 2^63', { size: 1n << 63n }],
    ['a short root', { rootHash: new Uint8Array(31) }],
    ['an empty extension', { extensions: [''] }],
  ])('refuses %s', (_, change) => {
    expect(refusal(() => formatCheckpoint({ ...sound, ...change }))).toBe('CHECKPOINT');
  });
});

describe('Rekor origin', () => {
  it('holds host name and tree ID', () => {
    const origin = rekorOrigin('rekor.sigstore.dev', 2605736670972794746n);
    expect(origin).toBe('rekor.sigstore.dev - 2605736670972794746');
    expect(parseRekorOrigin(origin)).toEqual({
      hostname: 'rekor.sigstore.dev',
      treeId: 2605736670972794746n,
    });
  });

  it.each(['log2026-1.example', 'example - x', 'example - ', ' - 5', 'example-5'])('is not %j', (origin) => {
    expect(parseRekorOrigin(origin)).toBeUndefined();
  });
});
