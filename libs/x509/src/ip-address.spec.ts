import { isIP } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';

describe('IP addresses', () => {
  it.each([
    ['::', new Array<number>(16).fill(0)],
    ['::1', [...new Array<number>(15).fill(0), 1]],
    ['2001:db8::1:0:0:1', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]],
    ['1:2:3:4:5:6:0:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 0, 0, 8]],
    ['fe80::', [0xfe, 0x80, ...new Array<number>(14).fill(0)]],
    ['10.0.0.1', [10, 0, 0, 1]],
  ])('have the canonical form %s', (text, octets) => {
    expect(formatIpAddress(Uint8Array.from(octets))).toBe(text);
    expect(parseIpAddress(text)).toEqual(Uint8Array.from(octets));
  });

  it('survive their text', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
        .map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(octets, (bytes) => {
        expect(parseIpAddress(formatIpAddress(bytes) ?? '')).toEqual(bytes);
      }),
    );
  });

  it('agree with Node on what an address is', () => {
    const characters = fc.constantFrom('1', 'f', '0', ':', '::', '.', '255', '01', 'g');
    fc.assert(
      fc.property(
        fc.array(characters, { maxLength: 12 }).map((parts) => parts.join('')),
        (text) => {
          // Node also takes IPv4 inside IPv6, which no certificate needs.
          if (text.includes(':') && text.includes('.')) return;
          expect(parseIpAddress(text) !== undefined).toBe(isIP(text) !== 0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('are of 4 or 16 octets', () => {
    expect(formatIpAddress(new Uint8Array(8))).toBeUndefined();
  });
});
