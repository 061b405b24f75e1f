import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { decodeHex, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { curveOf } from './curves.ts';
import { sha256 } from './digest.ts';
import { parseEcdsaSignature } from './ecdsa-signature.ts';
import { EphemeralSigner } from './ephemeral-signer.ts';
import { integerToBytes } from './integers.ts';
import { isEcParameters } from './key-parameters.ts';
import { refusal } from './testonly/refusal.ts';
import { verifyMessage } from './verify.ts';

const curve = curveOf('P-256');
const message = encodeUtf8('a message');

describe('RFC 6979 appendix A.2.5, SHA-256', () => {
  const SECRET = 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721';
  const signer = EphemeralSigner.generate(() => decodeHex(SECRET));

  it('derives the public key', () => {
    const { parameters } = signer.publicKey;
    expect(isEcParameters(parameters) && parameters.x.toString(16)).toBe(
      '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6',
    );
    expect(isEcParameters(parameters) && parameters.y.toString(16)).toBe(
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    );
  });

  it.each([
    [
      'sample',
      0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716n,
      0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n,
    ],
    [
      'test',
      0xf1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367n,
      0x019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083n,
    ],
  ])('signs "%s" with the nonce of the RFC, s brought to the lower half', async (text, r, s) => {
    const signature = parseEcdsaSignature(await signer.sign(encodeUtf8(text)), curve);
    expect(signature).toEqual({ r, s: s > curve.n / 2n ? curve.n - s : s });
  });
});

describe('EphemeralSigner', () => {
  it('signs what its public key verifies, with s in the lower half, the same each time', async () => {
    const signer = EphemeralSigner.generate();
    expect([signer.publicKey.type, signer.hash]).toEqual(['P-256', 'sha256']);
    for (let i = 0; i < 20; i++) {
      const text = Uint8Array.of(i);
      const signature = await signer.sign(text);
      expect(verifyMessage(signer.publicKey, 'sha256', text, signature)).toBe(true);
      expect(parseEcdsaSignature(signature, curve)?.s).toBeLessThanOrEqual(curve.n / 2n);
      expect(encodeHex(await signer.sign(text))).toBe(encodeHex(signature));
    }
  });

  it('signs a digest as it signs the message', async () => {
    const signer = EphemeralSigner.generate();
    expect(await signer.signDigest(sha256(message))).toEqual(await signer.sign(message));
    await expect(signer.signDigest(new Uint8Array(31))).rejects.toMatchObject({ code: 'ALGORITHM' });
    signer.destroy();
    await expect(signer.signDigest(sha256(message))).rejects.toMatchObject({ code: 'KEY_DESTROYED' });
  });

  it('makes another key each time', () => {
    const keyIds = Array.from({ length: 20 }, () => encodeHex(EphemeralSigner.generate().publicKey.keyId));
    expect(new Set(keyIds).size).toBe(20);
  });

  it('signs no more once destroyed', async () => {
    const signer = EphemeralSigner.generate();
    await signer.sign(message);
    signer.destroy();
    signer.destroy();
    await expect(signer.sign(message)).rejects.toMatchObject({ code: 'KEY_DESTROYED' });
  });

  it('leaves no secret in the bytes it was given, nor in what it shows', () => {
    const given = new Uint8Array(32).fill(0x5a);
    const signer = EphemeralSigner.generate(() => given);
    expect(given).toEqual(new Uint8Array(32));
    expect(inspect(signer, { depth: 5, showHidden: true })).not.toMatch(/5a5a|90, *90/);
    expect(
      JSON.stringify(signer, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('90,90');
  });

  it('draws again when a number lies outside the order, and gives up on a source that is broken', () => {
    const draws = [
      new Uint8Array(32),
      integerToBytes(curve.n, 32),
      new Uint8Array(32).fill(0xff),
      integerToBytes(7n, 32),
    ];
    const signer = EphemeralSigner.generate(() => draws.shift() ?? new Uint8Array(0));
    const { parameters } = signer.publicKey;
    expect(isEcParameters(parameters) && parameters.x).toBe(curve.noble.Point.BASE.multiply(7n).toAffine().x);
    expect(refusal(() => EphemeralSigner.generate((n) => new Uint8Array(n)))).toBe('RANDOMNESS');
    expect(refusal(() => EphemeralSigner.generate((n) => new Uint8Array(n - 1).fill(1)))).toBe('RANDOMNESS');
  });
});
