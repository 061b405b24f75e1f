import { describe, expect, it } from '@jest/globals';
import { ed25519 } from '@noble/curves/ed25519.js';
import { curveOf } from './curves.ts';
import { KEY_DETAILS, keyDetailsOf, parseKeyDetails } from './key-details.ts';
import type { KeyDetails } from './key-details.ts';
import { PublicKey } from './public-key.ts';
import { encodeSpki } from './spki.ts';
import { refusal } from './testonly/refusal.ts';
import { keyOf } from './testonly/sample-keys.ts';

const rsa = (bits: number): PublicKey =>
  PublicKey.fromSpki(encodeSpki({ type: 'RSA', n: (1n << BigInt(bits - 1)) + 1n, e: 65537n }));

function sampleKey({ type, rsaModulusBits }: KeyDetails): PublicKey {
  if (type === 'RSA') return rsa(rsaModulusBits ?? 2048);
  if (type === 'Ed25519')
    return PublicKey.fromSpki(encodeSpki({ type, point: ed25519.Point.BASE.toBytes() }));
  return keyOf(curveOf(type), 5n);
}

describe('keyDetails', () => {
  it.each(KEY_DETAILS.map((details) => [details.name, details] as const))(
    '%s names its key, hash and form, and back',
    (name, details) => {
      expect(keyDetailsOf(sampleKey(details), details.hash, { prehashed: details.prehashed })).toBe(name);
      expect(parseKeyDetails(name)).toBe(details);
      expect(parseKeyDetails(details.number)).toBe(details);
    },
  );

  it('names a key by itself with the hash Sigstore pairs with it', () => {
    const names = ['P-256', 'P-384', 'P-521'] as const;
    expect(names.map((name) => keyDetailsOf(keyOf(curveOf(name), 5n)))).toEqual([
      'PKIX_ECDSA_P256_SHA_256',
      'PKIX_ECDSA_P384_SHA_384',
      'PKIX_ECDSA_P521_SHA_512',
    ]);
    expect([2048, 3072, 4096].map((bits) => keyDetailsOf(rsa(bits)))).toEqual([
      'PKIX_RSA_PKCS1V15_2048_SHA256',
      'PKIX_RSA_PKCS1V15_3072_SHA256',
      'PKIX_RSA_PKCS1V15_4096_SHA256',
    ]);
    expect(keyDetailsOf(sampleKey(parseKeyDetails('PKIX_ED25519')))).toBe('PKIX_ED25519');
  });

  it('refuses keys and combinations without a name', () => {
    expect(refusal(() => keyDetailsOf(rsa(2560)))).toBe('KEY_DETAILS');
    expect(refusal(() => keyDetailsOf(rsa(2048), 'sha512'))).toBe('KEY_DETAILS');
    expect(refusal(() => keyDetailsOf(keyOf(curveOf('P-256'), 5n), 'sha512'))).toBe('KEY_DETAILS');
    expect(refusal(() => keyDetailsOf(keyOf(curveOf('P-256'), 5n), 'sha256', { prehashed: true }))).toBe(
      'KEY_DETAILS',
    );
  });

  it('refuses names and numbers outside the registry', () => {
    for (const name of [
      '',
      'toString',
      'PKIX_RSA_PSS_2048_SHA256',
      'PKCS1_RSA_PKCS1V5',
      'ML_DSA_65',
      '5',
      0,
      16,
      5.5,
      Number.NaN,
    ]) {
      expect(refusal(() => parseKeyDetails(name))).toBe('KEY_DETAILS');
    }
  });

  it('has no name or number twice', () => {
    expect(new Set(KEY_DETAILS.map(({ name }) => name)).size).toBe(KEY_DETAILS.length);
    expect(new Set(KEY_DETAILS.map(({ number }) => number)).size).toBe(KEY_DETAILS.length);
  });
});
