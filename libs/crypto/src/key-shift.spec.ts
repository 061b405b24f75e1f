import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { concatBytes, derInteger, derSequence, encodeBase64Url } from '@sigstead/encoding';
import fc from 'fast-check';
import type { Curve } from './curves.ts';
import { curveOf } from './curves.ts';
import type { HashAlgorithm } from './digest.ts';
import { digest, digestSize, sha256 } from './digest.ts';
import { encodeEcdsaSignature, parseEcdsaSignature } from './ecdsa-signature.ts';
import { bytesToInteger, integerToBytes, invert, mod } from './integers.ts';
import { isEcParameters } from './key-parameters.ts';
import type { PublicKey } from './public-key.ts';
import { keyOf } from './testonly/sample-keys.ts';
import { verifyDigest } from './verify.ts';

const curves = (['P-256', 'P-384', 'P-521'] as const).map(curveOf);
const hashes: readonly HashAlgorithm[] = ['sha256', 'sha384', 'sha512'];
/** The empty message's number, around which the special cases lie. */
const EMPTY = bytesToInteger(sha256(new Uint8Array(0)));

describe.each(curves)('the special cases on $name', (curve) => {
  const { n } = curve;
  const nonce = 0x7777_0000_0000_0000_0000_0000_1357_9bdfn;
  const r = mod(curve.noble.Point.BASE.multiply(nonce).toAffine().x, n);
  const secret = 0x51d3_0000_cafe_f00d_1234_5678_9abc_def1n;
  const key = keyOf(curve, secret);
  const hash: HashAlgorithm =
    curve.name === 'P-256' ? 'sha256' : curve.name === 'P-384' ? 'sha384' : 'sha512';
  const size = digestSize(hash);

  const signatureFor = (z: bigint, by = secret): Uint8Array =>
    encodeEcdsaSignature({ r, s: mod(invert(nonce, n) * (z + r * by), n) });

  /**
   * Signs the number z with the fixed nonce, and checks the verdicts on it, on its neighbour and on a wrong
   * signature.
   */
  function check(z: bigint, by = secret): void {
    const signer = keyOf(curve, by);
    const hashed = integerToBytes(z, size);
    const signature = signatureFor(z, by);
    expect(nobleVerify(curve, signer, hashed, signature)).toBe(true);
    expect(verifyDigest(signer, hash, hashed, signature)).toBe(true);
    expect(verifyDigest(signer, hash, integerToBytes(z ^ 1n, size), signature)).toBe(false);
    const wrong = signatureFor(z ^ 1n, by);
    expect(verifyDigest(signer, hash, hashed, wrong)).toBe(false);
    expect(nobleVerify(curve, signer, hashed, wrong)).toBe(false);
  }

  it('no shift: the digest is that of the empty message', () => {
    check(EMPTY);
  });

  // With r fixed by the nonce, the scalar of the shift is known before the key, so a key can be made to meet it.
  const z = bytesToInteger(digest(hash, Uint8Array.of(42))) >> 1n;
  const shift = mod((z - EMPTY) * invert(r, n), n);

  it('doubling: the shift is the key itself', () => {
    check(z, shift);
  });

  it('infinity: the shift is the key negated', () => {
    check(z, n - shift);
  });

  it('a digest of zero, and one that is zero modulo the order', () => {
    check(0n);
    if (curve.orderBits <= 8 * size) {
      const signature = signatureFor(0n);
      expect(verifyDigest(key, hash, integerToBytes(n, size), signature)).toBe(true);
      expect(nobleVerify(curve, key, integerToBytes(n, size), signature)).toBe(true);
    }
  });

  it('both halves of s, and no s or r outside [1, n - 1]', () => {
    const hashed = sha256(Uint8Array.of(1));
    const z = bytesToInteger(hashed);
    const { s } = parseEcdsaSignature(signatureFor(z), curve) ?? { s: 0n };
    const verdict = (r2: bigint, s2: bigint) =>
      verifyDigest(key, 'sha256', hashed, derSequence(derInteger(r2), derInteger(s2)));
    expect(verdict(r, s)).toBe(true);
    expect(verdict(r, n - s)).toBe(true);
    for (const [r2, s2] of [
      [0n, s],
      [n, s],
      [r + n, s],
      [r, 0n],
      [r, n],
      [r, s + n],
      [-r, s],
      [r, -s],
      [r, s - n],
    ] as const) {
      expect(verdict(r2, s2)).toBe(false);
    }
  });

  it("only digests of the hash's length", () => {
    const hashed = sha256(Uint8Array.of(1));
    const signature = signatureFor(bytesToInteger(hashed));
    expect(verifyDigest(key, 'sha256', hashed, signature)).toBe(true);
    expect(verifyDigest(key, 'sha256', hashed.subarray(1), signature)).toBe(false);
    expect(verifyDigest(key, 'sha256', concatBytes(Uint8Array.of(0), hashed), signature)).toBe(false);
    expect(verifyDigest(key, 'sha384', hashed, signature)).toBe(false);
    expect(verifyDigest(key, 'sha256', new Uint8Array(0), signature)).toBe(false);
  });

  it('only strict DER', () => {
    const hashed = sha256(Uint8Array.of(1));
    const signature = signatureFor(bytesToInteger(hashed));
    const verdict = (bytes: Uint8Array) => verifyDigest(key, 'sha256', hashed, bytes);
    const { r: rr, s } = parseEcdsaSignature(signature, curve) ?? { r: 0n, s: 0n };
    expect(verdict(concatBytes(signature, Uint8Array.of(0)))).toBe(false);
    expect(verdict(signature.subarray(0, -1))).toBe(false);
    expect(verdict(new Uint8Array(0))).toBe(false);
    expect(verdict(new Uint8Array(10_000))).toBe(false);
    expect(verdict(derSequence(derInteger(rr), derInteger(s), derInteger(1n)))).toBe(false);
    expect(verdict(derSequence(derInteger(rr)))).toBe(false);
    expect(verdict(concatBytes(Uint8Array.of(0x31), signature.subarray(1)))).toBe(false);
    expect(verdict(concatBytes(integerToBytes(rr, curve.size), integerToBytes(s, curve.size)))).toBe(false);
  });
});

describe('law: the key shift gives the verdict of noble', () => {
  const RUNS = 1000;

  it.each(curves)(
    'on $name',
    (curve) => {
      const keys = [3n, 0xdeadbeefn, curve.n - 2n].map((secret) => {
        const key = keyOf(curve, secret);
        return { key, privateKey: privateKeyOf(curve, key, secret) };
      });
      const tally = { valid: 0, invalid: 0 };
      fc.assert(
        fc.property(
          fc.constantFrom(...keys),
          fc.constantFrom(...hashes),
          fc.uint8Array({ minLength: 0, maxLength: 40 }),
          fc.constantFrom('as signed', 'n - s', 'digest', 'r', 's', 'swapped', 'key'),
          fc.nat(511),
          ({ privateKey, key }, hash, message, change, bit) => {
            const hashed = digest(hash, message);
            const { r, s } = parseEcdsaSignature(sign(hash, message, privateKey), curve) ?? { r: 0n, s: 0n };
            const flip = 1n << BigInt(bit % curve.orderBits);
            const cases = {
              'as signed': { hashed, r, s, key },
              'n - s': { hashed, r, s: curve.n - s, key },
              digest: {
                hashed: hashed.map((byte, i) =>
                  i === (bit >> 3) % hashed.length ? byte ^ (1 << (bit & 7)) : byte,
                ),
                r,
                s,
                key,
              },
              r: { hashed, r: r ^ flip, s, key },
              s: { hashed, r, s: s ^ flip, key },
              swapped: { hashed, r: s, s: r, key },
              key: { hashed, r, s, key: keys[(bit % 2) + 1]?.key ?? key },
            } as const;
            const changed = cases[change];
            const signature = encodeEcdsaSignature(changed);
            const verdict = verifyDigest(changed.key, hash, changed.hashed, signature);
            expect(verdict).toBe(nobleVerify(curve, changed.key, changed.hashed, signature));
            if (change === 'as signed' || change === 'n - s') expect(verdict).toBe(true);
            tally[verdict ? 'valid' : 'invalid']++;
          },
        ),
        { numRuns: RUNS },
      );
      expect(tally.valid).toBeGreaterThan(0);
      expect(tally.invalid).toBeGreaterThan(0);
    },
    600_000,
  );
});

function nobleVerify(curve: Curve, key: PublicKey, hashed: Uint8Array, signature: Uint8Array): boolean {
  if (!isEcParameters(key.parameters)) return false;
  const { x, y } = key.parameters;
  const point = concatBytes(Uint8Array.of(4), integerToBytes(x, curve.size), integerToBytes(y, curve.size));
  return curve.noble.verify(signature, hashed, point, { prehash: false, lowS: false, format: 'der' });
}

function privateKeyOf(curve: Curve, key: PublicKey, secret: bigint): KeyObject {
  const jwk = {
    ...key.keyObject.export({ format: 'jwk' }),
    d: encodeBase64Url(integerToBytes(secret, curve.size)),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}
