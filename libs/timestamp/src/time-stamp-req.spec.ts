import { describe, expect, it } from '@jest/globals';
import { digest } from '@sigstead/crypto';
import {
  concatBytes,
  der,
  derBoolean,
  derExplicit,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  tags,
} from '@sigstead/encoding';
import fc from 'fast-check';
import { TimestampError } from './errors.ts';
import { openssl } from './testonly/openssl.ts';
import { refusal, refusalCode } from './testonly/refusal.ts';
import { ARTIFACT, DIGEST, encodeExtensions, encodeRequest, SHA256_OID } from './testonly/request.ts';
import { MAX_NONCE_OCTETS, parseTimeStampReq } from './time-stamp-req.ts';

const POLICY = '1.3.6.1.4.1.57264.2';

describe('parseTimeStampReq', () => {
  it('takes the least a client can ask', () => {
    expect(parseTimeStampReq(encodeRequest())).toEqual({
      hash: 'sha256',
      hashedMessage: DIGEST,
      policy: undefined,
      nonce: undefined,
      certReq: false,
      extensions: [],
    });
  });

  it.each(['sha256', 'sha384', 'sha512'] as const)('takes the %s requests of openssl', (hash) => {
    const query = (...args: string[]) =>
      parseTimeStampReq(
        openssl(['ts', '-query', '-data', 'artifact', `-${hash}`, '-out', 'out', ...args], {
          artifact: ARTIFACT,
        }),
      );
    const full = query('-cert', '-tspolicy', POLICY);
    expect(full).toMatchObject({
      hash,
      hashedMessage: digest(hash, ARTIFACT),
      policy: POLICY,
      certReq: true,
    });
    expect(full.nonce).toBeGreaterThan(0n);
    expect(query('-no_nonce')).toMatchObject({ nonce: undefined, certReq: false, policy: undefined });
  });

  it('reads back every combination of optional fields', () => {
    const edge = 1n << BigInt(MAX_NONCE_OCTETS * 8 - 1);
    const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const policies = fc.constantFrom(POLICY, '0.0', '2.999.1', `1.2.${2 ** 49}`);
    fc.assert(
      fc.property(
        optional(policies),
        optional(fc.bigInt({ min: -edge, max: edge - 1n })),
        fc.boolean(),
        (policy, nonce, certReq) => {
          const rest = [
            ...(policy === undefined ? [] : [derOid(policy)]),
            ...(nonce === undefined ? [] : [derInteger(nonce)]),
            ...(certReq ? [derBoolean(true)] : []),
          ];
          expect(parseTimeStampReq(encodeRequest({ rest }))).toMatchObject({ policy, nonce, certReq });
        },
      ),
    );
  });

  it('takes absent hash parameters and an explicit certReq FALSE', () => {
    const algorithm = derSequence(derOid(SHA256_OID));
    expect(parseTimeStampReq(encodeRequest({ algorithm, rest: [derBoolean(false)] }))).toMatchObject({
      hash: 'sha256',
      certReq: false,
    });
  });

  it('names the extensions of a request', () => {
    expect(parseTimeStampReq(encodeRequest({ rest: [encodeExtensions(2)] })).extensions).toEqual([
      '1.2.3.4',
      '1.2.3.4',
    ]);
  });

  it('refuses SHA-1 as weak and hashes it does not know', async () => {
    const hashed = (oid: string) => () =>
      parseTimeStampReq(encodeRequest({ algorithm: derSequence(derOid(oid), derNull()) }));
    expect(await refusal(hashed('1.3.14.3.2.26'))).toMatchObject({
      code: 'WEAK_HASH',
      message: 'Weak hash algorithm in timestamp request',
    });
    // MD5, SHA-224, SHA3-256.
    for (const oid of ['1.2.840.113549.2.5', '2.16.840.1.101.3.4.2.4', '2.16.840.1.101.3.4.2.8']) {
      const { code, message } = await refusal(hashed(oid));
      expect([code, message]).toEqual(['HASH_ALGORITHM', expect.stringContaining(oid)]);
    }
  });

  it.each<[string, Uint8Array]>([
    ['nothing at all', new Uint8Array()],
    ['data after the request', concatBytes(encodeRequest(), Uint8Array.of(0))],
    ['a second request after the first', concatBytes(encodeRequest(), encodeRequest())],
    ['data after the last field', encodeRequest({ rest: [derNull()] })],
    ['fields in the wrong order', encodeRequest({ rest: [derInteger(1n), derOid(POLICY)] })],
    ['two nonces', encodeRequest({ rest: [derInteger(1n), derInteger(2n)] })],
    ['version 0', encodeRequest({ version: derInteger(0n) })],
    ['version 2', encodeRequest({ version: derInteger(2n) })],
    ['a version of many octets', encodeRequest({ version: derInteger(1n << 2000n) })],
    [
      'hash parameters that are not NULL',
      encodeRequest({ algorithm: derSequence(derOid(SHA256_OID), derInteger(1n)) }),
    ],
    ['a BOOLEAN that is neither 00 nor FF', encodeRequest({ rest: [der(tags.boolean, Uint8Array.of(1))] })],
    ['a nonce that is not minimal', encodeRequest({ rest: [der(tags.integer, Uint8Array.of(0, 1))] })],
    ['a nonce without content', encodeRequest({ rest: [der(tags.integer)] })],
    ['an empty list of extensions', encodeRequest({ rest: [derExplicit(0)] })],
    ['many extensions', encodeRequest({ rest: [encodeExtensions(17)] })],
    ['an extension that is none', encodeRequest({ rest: [derExplicit(0, derOctetString())] })],
    [
      'a policy of 129 arcs',
      encodeRequest({ rest: [der(tags.objectIdentifier, new Uint8Array(128).fill(1))] }),
    ],
    [
      'a policy of half a million arcs',
      encodeRequest({ rest: [der(tags.objectIdentifier, new Uint8Array(500_000).fill(1))] }),
    ],
    ['an indefinite length', Uint8Array.of(0x30, 0x80, 0, 0)],
  ])('refuses %s', async (_name, bytes) => {
    const { code, message } = await refusal(() => parseTimeStampReq(bytes));
    expect(code).toBe('MALFORMED');
    expect(message).toMatch(/^Error generating timestamp response: ./);
  });

  it('refuses a nonce over its bound before it makes a number of it', async () => {
    const nonce = (octets: number) =>
      encodeRequest({ rest: [derInteger(new Uint8Array(octets).fill(0x7f))] });
    expect(parseTimeStampReq(nonce(MAX_NONCE_OCTETS)).nonce).toBeGreaterThan(1n << 4000n);
    expect((await refusal(() => parseTimeStampReq(nonce(MAX_NONCE_OCTETS + 1)))).message).toContain(
      '513 octets',
    );
    expect(await refusalCode(() => parseTimeStampReq(nonce(1_000_000)))).toBe('MALFORMED');
  });

  it('refuses every request cut short', async () => {
    const whole = encodeRequest({ rest: [derOid(POLICY), derInteger(1n << 64n), derBoolean(true)] });
    for (let length = 0; length < whole.length; length++) {
      expect(await refusalCode(() => parseTimeStampReq(whole.subarray(0, length)))).toBe('MALFORMED');
    }
  });

  it('answers damaged requests with its own error, whatever was damaged', () => {
    const whole = encodeRequest({ rest: [derOid(POLICY), derInteger(1n << 64n), encodeExtensions(1)] });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = (damaged[at] as number) ^ change;
        try {
          parseTimeStampReq(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(TimestampError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('answers any bytes with its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => parseTimeStampReq(bytes)).toThrow(TimestampError);
      }),
    );
  });
});
