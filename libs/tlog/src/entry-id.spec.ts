import { describe, expect, it } from '@jest/globals';
import { decodeHex } from '@sigstead/encoding';
import fc from 'fast-check';
import { parseRekorEntryId, rekorEntryId } from './entry-id.ts';
import { refusal } from './testonly/errors.ts';

const uuid = '268fea7b149eff7a08fea532ca55b49fabdd1c3b9e64eb090e5585493c9b9abb';
const leafHash = decodeHex(uuid);

describe('rekorEntryId', () => {
  it('puts the tree ID of the public log before the leaf hash', () => {
    expect(rekorEntryId(2605736670972794746n, leafHash)).toBe(`24296fb24b8ad77a${uuid}`);
  });

  it('pads a small tree ID', () => {
    expect(rekorEntryId(1n, leafHash)).toBe(`0000000000000001${uuid}`);
  });

  it.each([0n, -1n, 1n << 63n])('refuses tree ID %s', (treeId) => {
    expect(refusal(() => rekorEntryId(treeId, leafHash))).toBe('TREE_ID');
  });

  it('refuses a leaf hash that is not 32 bytes', () => {
    expect(refusal(() => rekorEntryId(1n, leafHash.subarray(1)))).toBe('ENTRY_ID');
  });
});

describe('parseRekorEntryId', () => {
  it('reads the long form in either case', () => {
    const id = `24296fb24b8ad77a${uuid}`;
    expect(parseRekorEntryId(id)).toEqual({ treeId: 2605736670972794746n, leafHash });
    expect(parseRekorEntryId(id.toUpperCase())).toEqual({ treeId: 2605736670972794746n, leafHash });
  });

  it('reads the short form', () => {
    expect(parseRekorEntryId(uuid)).toEqual({ leafHash });
  });

  it('gives back what was written', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (treeId, hash) =>
          expect(parseRekorEntryId(rekorEntryId(treeId, hash))).toEqual({ treeId, leafHash: hash }),
      ),
    );
  });

  it.each([
    '',
    uuid.slice(1),
    `0${uuid}`,
    `${uuid.slice(1)}g`,
    ` ${uuid.slice(1)}`,
    `${uuid}\n`,
    `0x${uuid.slice(2)}`,
  ])('refuses %j', (text) => {
    expect(refusal(() => parseRekorEntryId(text))).toBe('ENTRY_ID');
  });

  it.each(['ffffffffffffffff', '8000000000000000', '0000000000000000'])('refuses tree part %s', (tree) => {
    expect(refusal(() => parseRekorEntryId(tree + uuid))).toBe('TREE_ID');
  });
});
