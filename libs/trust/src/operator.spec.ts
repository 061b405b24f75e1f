import { describe, expect, it } from '@jest/globals';
import { countOperators } from './operator.ts';
import { authority, log } from './testonly/material.ts';

const at = (baseUrl: string, operator?: string) =>
  log('P-256', 'PKIX_ECDSA_P256_SHA_256', { baseUrl, ...(operator !== undefined && { operator }) });

describe('countOperators', () => {
  it('counts the logs of one operator once, whatever their addresses and keys', () => {
    const shards = [at('https://log2025.test', 'acme.test'), at('https://log2026.test', 'acme.test')];
    expect(countOperators(shards)).toBe(1);
    expect(countOperators([...shards, at('https://log.other.test', 'other.test')])).toBe(2);
  });

  it('counts one address once, where no operator is named or another', () => {
    expect(countOperators([at('https://log.test'), at('https://log.test')])).toBe(1);
    expect(countOperators([at('https://log.test'), at('https://log.test', 'acme.test')])).toBe(1);
    expect(countOperators([at('https://a.test'), at('https://b.test')])).toBe(2);
  });

  it('counts authorities by their addresses and operators as well', async () => {
    const tsa = await authority('tsa');
    expect(countOperators([tsa, tsa])).toBe(1);
    expect(countOperators([tsa, { ...tsa, uri: 'http://other.example.com' }])).toBe(2);
    const named = { ...tsa, operator: 'acme.test' };
    expect(countOperators([named, { ...named, uri: 'http://other.example.com' }])).toBe(1);
  });

  it('counts nobody for nothing', () => {
    expect(countOperators([])).toBe(0);
  });
});
