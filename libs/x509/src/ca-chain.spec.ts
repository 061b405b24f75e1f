import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { issueCaChain, randomSerialNumber } from './ca-chain.ts';
import { verifyChain } from './chain.ts';
import { oids } from './oids.ts';

describe('a code-signing hierarchy', () => {
  it.each(['P-256', 'P-384'] as const)('of %s keys is a path from issuing CA to root', async (type) => {
    const root = PrivateKeySigner.generate(type);
    const issuingKey = PrivateKeySigner.generate(type).publicKey;
    const chain = await issueCaChain({
      organization: 'acme',
      root,
      issuingKey,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      rootNotAfter: new Date('2036-01-01T00:00:00Z'),
      issuingNotAfter: new Date('2031-01-01T00:00:00Z'),
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
    });
    const [issuing, top] = chain;
    const options = { extendedKeyUsage: oids.codeSigning, target: 'certificate-authority' } as const;
    const path = verifyChain(issuing, [top], new Date('2030-01-01T00:00:00Z'), options);
    expect(path).toEqual(chain);
    expect(issuing.publicKey.spki).toEqual(issuingKey.spki);
    const later = new Date('2032-01-01T00:00:00Z');
    expect(() => verifyChain(issuing, [top], later, options)).toThrow(/valid/);
  });
});

describe('a random serial number', () => {
  it('is positive and has 20 octets, whatever the source gives', () => {
    for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
      const serial = randomSerialNumber((length) => new Uint8Array(length).fill(byte));
      expect(serial).toHaveLength(20);
      expect(serial[0]).toBeGreaterThanOrEqual(0x40);
      expect(serial[0]).toBeLessThan(0x80);
    }
  });
});
