import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { derInteger, derSequence, derUtf8String, encodeUtf8, equalBytes } from '@sigstead/encoding';
import { Certificate } from '@sigstead/x509';
import fc from 'fast-check';
import { TimestampError } from '../errors.ts';
import { ARTIFACT } from '../testonly/request.ts';
import { refusal, refusalCode } from '../testonly/refusal.ts';
import { certificates, makeAuthority, makeResponse, type TestAuthority } from '../testonly/token.ts';
import { vectorsFolder } from '../testonly/vectors.ts';
import { parseTimestamp } from './parse-timestamp.ts';
import { verifyTimestamp } from './verify-timestamp.ts';

const folder = vectorsFolder('rfc3161');
const TEXT = 'Operation Okay';
let tsa: TestAuthority;

beforeAll(async () => {
  tsa = await makeAuthority('P-256');
});

/** Positions of the octets one bit of which may differ without a refusal; any other error than ours is passed on. */
function harmlessPositions(
  response: Uint8Array,
  message: Uint8Array,
  chain: readonly Certificate[],
): Set<number> {
  const judge = () => verifyTimestamp(parseTimestamp(response), message, chain);
  const honest = judge();
  const harmless = new Set<number>();
  for (let bit = 0; bit < response.length * 8; bit++) {
    const at = bit >> 3;
    const flipped = 1 << (bit & 7);
    response[at] = (response[at] as number) ^ flipped;
    try {
      expect(judge()).toEqual(honest);
      harmless.add(at);
    } catch (error) {
      if (!(error instanceof TimestampError)) throw error;
    } finally {
      response[at] = (response[at] as number) ^ flipped;
    }
  }
  return harmless;
}

/** Where a part stands in the whole. */
function range(whole: Uint8Array, part: Uint8Array): readonly [number, number] {
  for (let at = 0; at + part.length <= whole.length; at++)
    if (equalBytes(whole.subarray(at, at + part.length), part)) return [at, at + part.length];
  throw new Error('not found');
}

describe('a response with one bit flipped', () => {
  it('is refused, whichever bit it is', () => {
    for (const extra of [[], [certificates()], [certificates(tsa.leaf.raw)]]) {
      const response = makeResponse(tsa, { extra });
      expect([...harmlessPositions(response, ARTIFACT, tsa.chain)]).toEqual([]);
    }
  });

  // Nobody signs these two places, and nothing is read from them: the status text is for people, and certificates other
  // than the signer's play no part.
  it('is accepted at most in a status text or in a certificate that is not the signer’s, and says the same', () => {
    const root = (tsa.chain[1] as Certificate).raw;
    const response = makeResponse(tsa, {
      status: derSequence(derInteger(0n), derSequence(derUtf8String(TEXT))),
      extra: [certificates(tsa.leaf.raw, root)],
    });
    const [text, bag] = [range(response, encodeUtf8(TEXT)), range(response, root)];
    const harmless = harmlessPositions(response, ARTIFACT, tsa.chain);
    for (const at of harmless) expect([text, bag].some(([from, to]) => from <= at && at < to)).toBe(true);
    expect(harmless.size).toBeGreaterThan(TEXT.length);
  });

  (folder === undefined ? it.skip : it)('is refused when it is of another authority', () => {
    const file = (name: string) => readFileSync(join(folder ?? '', 'sigstage', name));
    const chain = Certificate.chainFromPem(file('ts_chain.pem').toString('utf8'));
    for (const name of ['response-no-embedded-cert.tsr', 'response-sha512.tsr']) {
      const response = Uint8Array.from(file(name));
      expect([...harmlessPositions(response, encodeUtf8('hello'), chain)]).toEqual([]);
    }
  });
});

describe('damage of other kinds', () => {
  const whole = () =>
    makeResponse(tsa, {
      status: derSequence(derInteger(0n), derSequence(derUtf8String(TEXT))),
      extra: [certificates(...tsa.chain.map(({ raw }) => raw))],
    });

  it('is refused when it is a cut, wherever', async () => {
    const response = whole();
    for (let length = 0; length < response.length; length++)
      expect(await refusalCode(() => parseTimestamp(response.subarray(0, length)))).toBe('MALFORMED');
  });

  it('is refused when it is data at the end', async () => {
    const response = whole();
    for (const octet of [0x00, 0x05, 0x30, 0xff]) {
      const longer = new Uint8Array(response.length + 1);
      longer.set(response);
      longer[response.length] = octet;
      expect((await refusal(() => parseTimestamp(longer))).message).toMatch(/1 octets of trailing data/);
    }
  });

  it('is answered with our own error, whatever was done', () => {
    const response = whole();
    const edit = fc.record({
      at: fc.nat(response.length - 1),
      remove: fc.nat(8),
      insert: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let damaged = [...response];
        for (const { at, remove, insert } of edits)
          damaged = [...damaged.slice(0, at), ...insert, ...damaged.slice(at + remove)];
        try {
          verifyTimestamp(parseTimestamp(Uint8Array.from(damaged)), ARTIFACT, tsa.chain);
        } catch (error) {
          expect(error).toBeInstanceOf(TimestampError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is answered with our own error for any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => parseTimestamp(bytes)).toThrow(TimestampError);
      }),
    );
  });

  it('is refused at once when it is nested without end, and costs no stack', async () => {
    let nested: Uint8Array = new Uint8Array();
    while (nested.length < 60_000) nested = derSequence(nested);
    expect(await refusalCode(() => parseTimestamp(nested))).toBe('MALFORMED');
  });
});
