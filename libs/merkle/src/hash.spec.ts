import { describe, expect, it } from '@jest/globals';
import { decodeHex, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { EMPTY_ROOT, hashChildren, hashLeaf } from './hash.ts';
import { refusal } from './testonly/refusal.ts';

describe('RFC 6962 hashing', () => {
  it('hashes the empty tree', () => {
    expect(encodeHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('hashes leaves behind 00', () => {
    expect(encodeHex(hashLeaf(new Uint8Array(0)))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(encodeHex(hashLeaf(encodeUtf8('L123456')))).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    );
  });

  it('hashes nodes behind 01', () => {
    const left = decodeHex('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    const right = decodeHex('96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7');
    expect(encodeHex(hashChildren(left, right))).toBe(
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    );
  });

  it('refuses children of another length, which would let a leaf pass for a node', () => {
    expect(refusal(() => hashChildren(new Uint8Array(31), new Uint8Array(33)))).toBe('HASH_LENGTH');
    expect(refusal(() => hashChildren(new Uint8Array(32), new Uint8Array(0)))).toBe('HASH_LENGTH');
  });

  it('gives arrays that own their memory', () => {
    const hash = hashLeaf(Uint8Array.of(1));
    expect(Object.getPrototypeOf(hash)).toBe(Uint8Array.prototype);
    expect(hash.buffer.byteLength).toBe(32);
  });
});
