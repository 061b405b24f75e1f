import { beforeEach, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf, rootOfLeaves } from '@sigstead/merkle';
import type { Head, Place } from './face.ts';
import { Ledger } from './ledger.ts';

let ledger: Ledger;

beforeEach(() => {
  ledger = new Ledger();
});

function headOf(...texts: readonly string[]): Head {
  return { size: BigInt(texts.length), rootHash: rootOfLeaves(texts.map(leafOf)) };
}

function leafOf(text: string): Uint8Array {
  return hashLeaf(encodeUtf8(text));
}

function placeOf(text: string, index: number, identity = text): Place {
  return { index, leafHash: leafOf(text), identity: leafOf(identity) };
}

describe('a ledger', () => {
  it('finds nothing wrong with an honest log', () => {
    ledger.record(placeOf('b', 1));
    ledger.recordHead(headOf('a', 'b'));
    ledger.recordHead(headOf('a'));
    ledger.record(placeOf('a', 0));
    ledger.record(placeOf('b', 1));
    ledger.close(headOf('a', 'b'));
    expect(ledger.violations).toEqual([]);
    expect([ledger.entries, ledger.checkpoints]).toEqual([2, 2]);
    expect(ledger.at(1)).toEqual(placeOf('b', 1));
  });

  it('finds nothing wrong with an empty log', () => {
    ledger.recordHead(headOf());
    ledger.close(headOf());
    expect(ledger.violations).toEqual([]);
    expect(ledger.checkpoints).toBe(0);
  });

  it('finds an acknowledged entry that is gone, and a checkpoint beyond the tree', () => {
    ledger.record(placeOf('a', 0));
    ledger.record(placeOf('b', 1));
    ledger.recordHead(headOf('a', 'b'));
    ledger.close(headOf('a'));
    expect(ledger.violations).toEqual([
      'entry 1 was acknowledged and is not in the final tree',
      'a checkpoint of size 2 was signed, the final tree has 1',
    ]);
  });

  it('finds a gap', () => {
    ledger.record(placeOf('b', 1));
    ledger.close(headOf('a', 'b'));
    expect(ledger.violations).toEqual(['there is no entry 0 in a tree of 2']);
  });

  it('finds an entry that is there twice, though it makes another leaf', () => {
    ledger.record(placeOf('a', 0));
    ledger.record(placeOf('a later', 1, 'a'));
    expect(ledger.violations).toEqual([expect.stringMatching(/is in the log twice, at 0 and 1$/)]);
  });

  it('finds an index that was given twice', () => {
    ledger.record(placeOf('a', 0));
    ledger.record(placeOf('b', 0));
    expect(ledger.violations).toEqual(['index 0 was given to two entries']);
  });

  it('finds two histories', () => {
    ledger.recordHead(headOf('a'));
    ledger.recordHead(headOf('x'));
    expect(ledger.violations[0]).toMatch(/^two signed roots of size 1: /);
  });

  it('finds a final tree with another past', () => {
    ledger.record(placeOf('a', 0));
    ledger.record(placeOf('b', 1));
    ledger.recordHead(headOf('x'));
    ledger.close(headOf('a', 'b'));
    expect(ledger.violations).toEqual(['the signed root of size 1 is not that of the entries']);
  });

  it('finds a final root that is not that of the entries', () => {
    ledger.record(placeOf('a', 0));
    ledger.close(headOf('x'));
    expect(ledger.violations).toEqual(['the final root is not that of the entries']);
  });
});
