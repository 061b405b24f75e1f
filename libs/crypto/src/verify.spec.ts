import { constants, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { concatBytes, decodeHex, derInteger, derSequence, encodeUtf8 } from '@sigstead/encoding';
import { ed25519ph } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { curveOf } from './curves.ts';
import type { HashAlgorithm } from './digest.ts';
import { digest } from './digest.ts';
import type { KeyType } from './key-parameters.ts';
import { PrivateKeySigner } from './private-key-signer.ts';
import { PublicKey } from './public-key.ts';
import { encodeSpki } from './spki.ts';
import { verifyDigest, verifyMessage } from './verify.ts';

const message = encodeUtf8('a message');
const hashes: readonly HashAlgorithm[] = ['sha256', 'sha384', 'sha512'];
const types: readonly KeyType[] = ['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'];

describe('RFC 6979 appendix A.2.5 under every hash', () => {
  const key = PublicKey.fromSpki(
    encodeSpki({
      type: 'P-256',
      x: 0x60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6n,
      y: 0x7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299n,
    }),
  );

  it.each<[HashAlgorithm, bigint, bigint]>([
    [
      'sha256',
      0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716n,
      0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n,
    ],
    [
      'sha384',
      0x0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719n,
      0x4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954n,
    ],
    [
      'sha512',
      0x8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00n,
      0x2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fen,
    ],
  ])('%s', (hash, r, s) => {
    const signature = derSequence(derInteger(r), derInteger(s));
    expect(verifyMessage(key, hash, encodeUtf8('sample'), signature)).toBe(true);
    expect(verifyDigest(key, hash, digest(hash, encodeUtf8('sample')), signature)).toBe(true);
    expect(verifyDigest(key, hash, digest(hash, encodeUtf8('test')), signature)).toBe(false);
  });
});

describe('Ed25519ph', () => {
  // RFC 8032 section 7.3.
  const secret = decodeHex('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42');
  const signature = decodeHex(
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
  );
  const key = PublicKey.fromSpki(encodeSpki({ type: 'Ed25519', point: ed25519ph.getPublicKey(secret) }));
  const hashed = digest('sha512', encodeUtf8('abc'));

  it('verifies the vector of RFC 8032 over the digest', () => {
    expect(verifyDigest(key, 'sha512', hashed, signature)).toBe(true);
  });

  it('refuses another digest, hash, length or signature', () => {
    expect(verifyDigest(key, 'sha512', digest('sha512', message), signature)).toBe(false);
    expect(verifyDigest(key, 'sha256', digest('sha256', encodeUtf8('abc')), signature)).toBe(false);
    expect(verifyDigest(key, 'sha512', hashed.subarray(0, 63), signature)).toBe(false);
    for (const i of [0, 31, 32, 63]) {
      expect(
        verifyDigest(
          key,
          'sha512',
          hashed,
          signature.map((byte, at) => (at === i ? byte ^ 1 : byte)),
        ),
      ).toBe(false);
    }
    expect(verifyDigest(key, 'sha512', hashed, signature.subarray(1))).toBe(false);
  });

  it('is not pure Ed25519', () => {
    expect(verifyMessage(key, 'sha512', encodeUtf8('abc'), signature)).toBe(false);
    expect(verifyMessage(key, 'sha512', hashed, signature)).toBe(false);
  });
});

describe('RSA', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = PublicKey.fromSpki(publicKey.export({ format: 'der', type: 'spki' }));

  it.each(hashes)('verifies PKCS#1 v1.5 with %s, under that hash only', (hash) => {
    const signature = sign(hash, message, privateKey);
    for (const other of hashes) {
      expect(verifyMessage(key, other, message, signature)).toBe(hash === other);
      expect(verifyDigest(key, other, digest(other, message), signature)).toBe(hash === other);
    }
  });

  it('refuses PSS, other lengths and numbers not below the modulus', () => {
    const pss = sign('sha256', message, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING });
    expect(verifyMessage(key, 'sha256', message, pss)).toBe(false);
    const signature = sign('sha256', message, privateKey);
    expect(verifyMessage(key, 'sha256', message, concatBytes(Uint8Array.of(0), signature))).toBe(false);
    expect(verifyMessage(key, 'sha256', message, signature.subarray(1))).toBe(false);
    expect(verifyMessage(key, 'sha256', message, new Uint8Array(256).fill(0xff))).toBe(false);
    expect(verifyMessage(key, 'sha256', message, new Uint8Array(256))).toBe(false);
    expect(verifyMessage(key, 'sha256', message, new Uint8Array(0))).toBe(false);
  });

  it('works with a modulus whose bits do not fill its bytes', () => {
    const odd = generateKeyPairSync('rsa', { modulusLength: 2050 });
    const oddKey = PublicKey.fromSpki(odd.publicKey.export({ format: 'der', type: 'spki' }));
    const signature = sign('sha256', message, odd.privateKey);
    expect(verifyMessage(oddKey, 'sha256', message, signature)).toBe(true);
  });
});

describe('laws', () => {
  const signers = new Map(types.map((type) => [type, PrivateKeySigner.generate(type)]));

  it.each(types)('%s: one flipped bit in message or signature is refused', async (type) => {
    const signer = signers.get(type) ?? PrivateKeySigner.generate(type);
    const signature = await signer.sign(message);
    expect(verifyMessage(signer.publicKey, signer.hash, message, signature)).toBe(true);
    const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
      bytes.map((byte, i) => (i === (bit >> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte));
    fc.assert(
      fc.property(fc.nat(4095), (bit) => {
        expect(verifyMessage(signer.publicKey, signer.hash, message, flip(signature, bit))).toBe(false);
        expect(verifyMessage(signer.publicKey, signer.hash, flip(message, bit), signature)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it.each(types)('%s: bytes that are no signature are refused, never thrown on', (type) => {
    const key = (signers.get(type) ?? PrivateKeySigner.generate(type)).publicKey;
    const size = type === 'RSA' ? 256 : 64;
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: size, maxLength: size }),
    );
    fc.assert(
      fc.property(bytes, fc.constantFrom(...hashes), (signature, hash) => {
        expect(verifyMessage(key, hash, message, signature)).toBe(false);
        expect(verifyDigest(key, hash, digest(hash, message), signature)).toBe(false);
      }),
    );
  });

  it('an EC key verifies under any hash, message and digest alike', () => {
    for (const type of ['P-256', 'P-384', 'P-521'] as const) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curveOf(type).opensslName });
      const key = PublicKey.fromSpki(publicKey.export({ format: 'der', type: 'spki' }));
      for (const hash of hashes) {
        const signature = sign(
          hash,
          message,
          createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
        );
        expect(verifyMessage(key, hash, message, signature)).toBe(true);
        expect(verifyDigest(key, hash, digest(hash, message), signature)).toBe(true);
      }
    }
  });
});
