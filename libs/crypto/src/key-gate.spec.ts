import { describe, expect, it } from '@jest/globals';
import {
  concatBytes,
  decodeHex,
  derBitString,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  encodeHex,
  encodePem,
} from '@sigstead/encoding';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { curveOf } from './curves.ts';
import { integerToBytes } from './integers.ts';
import { PrivateKeySigner } from './private-key-signer.ts';
import { PublicKey } from './public-key.ts';
import { encodeSpki } from './spki.ts';
import { refusal } from './testonly/refusal.ts';
import { generateRsa, pointOf } from './testonly/sample-keys.ts';

const EC = '1.2.840.10045.2.1';
const RSA = '1.2.840.113549.1.1.1';
const ED25519 = '1.3.101.112';
const curves = (['P-256', 'P-384', 'P-521'] as const).map(curveOf);
const rsa = generateRsa(2048);

function spki(algorithm: readonly Uint8Array[], key: Uint8Array, unused = 0): Uint8Array {
  return derSequence(derSequence(...algorithm), derBitString(key, unused));
}

function ecSpki(oid: string, point: Uint8Array): Uint8Array {
  return spki([derOid(EC), derOid(oid)], point);
}

function rsaSpki(n: bigint, e: bigint): Uint8Array {
  return spki([derOid(RSA), derNull()], derSequence(derInteger(n), derInteger(e)));
}

function edSpki(point: Uint8Array): Uint8Array {
  return spki([derOid(ED25519)], point);
}

const gate = (der: Uint8Array) => refusal(() => PublicKey.fromSpki(der));

describe.each(curves)('EC keys on $name', (curve) => {
  const { oid, size, p, b } = curve;
  const { x, y } = pointOf(curve, 0x1234567890abcdefn);
  const [xBytes, yBytes] = [integerToBytes(x, size), integerToBytes(y, size)];
  const good = concatBytes(Uint8Array.of(4), xBytes, yBytes);

  it('takes a named curve with an uncompressed point', () => {
    const key = PublicKey.fromSpki(ecSpki(oid, good));
    expect(key.type).toBe(curve.name);
    expect(encodeHex(key.spki)).toBe(encodeHex(ecSpki(oid, good)));
    expect(key.keyObject.asymmetricKeyDetails?.namedCurve).toBe(curve.opensslName);
    expect(key.rsaModulusBits).toBeUndefined();
  });

  it('refuses infinity', () => {
    expect(gate(ecSpki(oid, Uint8Array.of(0)))).toBe('KEY_UNSUPPORTED');
    expect(gate(ecSpki(oid, new Uint8Array(0)))).toBe('KEY_UNSUPPORTED');
    expect(gate(ecSpki(oid, new Uint8Array(1 + 2 * size)))).toBe('KEY_UNSUPPORTED');
    expect(gate(ecSpki(oid, concatBytes(Uint8Array.of(4), new Uint8Array(2 * size))))).toBe(
      'KEY_NOT_ON_CURVE',
    );
  });

  it('refuses points off the curve', () => {
    const off = integerToBytes(y ^ 1n, size);
    expect(gate(ecSpki(oid, concatBytes(Uint8Array.of(4), xBytes, off)))).toBe('KEY_NOT_ON_CURVE');
    expect(gate(ecSpki(oid, concatBytes(Uint8Array.of(4), yBytes, xBytes)))).toBe('KEY_NOT_ON_CURVE');
  });

  it('refuses compressed and hybrid points, even right ones', () => {
    const sign = Number(y & 1n);
    expect(gate(ecSpki(oid, concatBytes(Uint8Array.of(2 | sign), xBytes)))).toBe('KEY_UNSUPPORTED');
    expect(gate(ecSpki(oid, concatBytes(Uint8Array.of(6 | sign), xBytes, yBytes)))).toBe('KEY_UNSUPPORTED');
    expect(gate(ecSpki(oid, concatBytes(Uint8Array.of(5), xBytes, yBytes)))).toBe('KEY_UNSUPPORTED');
  });

  it('refuses coordinates that are only right modulo p', () => {
    // x = 0 solves the equation on all three curves, so (p, y) and (0, y + p) name a real point in a second way.
    const root = curve.noble.Point.Fp.sqrt(b);
    const point = (px: bigint, py: bigint): Uint8Array =>
      ecSpki(oid, concatBytes(Uint8Array.of(4), integerToBytes(px, size), integerToBytes(py, size)));
    expect(gate(point(0n, root))).toBeUndefined();
    expect(gate(point(p, root))).toBe('KEY_NOT_ON_CURVE');
    if (root + p < 1n << BigInt(8 * size)) expect(gate(point(0n, root + p))).toBe('KEY_NOT_ON_CURVE');
    expect(gate(point(0n, p))).toBe('KEY_NOT_ON_CURVE');
  });

  it('refuses points of a wrong length', () => {
    expect(gate(ecSpki(oid, good.subarray(0, -1)))).toBe('KEY_MALFORMED');
    expect(gate(ecSpki(oid, concatBytes(good, Uint8Array.of(0))))).toBe('KEY_MALFORMED');
    expect(gate(ecSpki(oid, concatBytes(Uint8Array.of(4, 0), xBytes, yBytes)))).toBe('KEY_MALFORMED');
  });

  it('refuses the point under another curve', () => {
    for (const other of curves.filter(({ name }) => name !== curve.name)) {
      expect(gate(ecSpki(other.oid, good))).toBe('KEY_MALFORMED');
    }
    expect(gate(ecSpki('1.3.132.0.10', good))).toBe('KEY_UNSUPPORTED');
  });

  it('refuses explicit, implicit and absent curve parameters', () => {
    const a = integerToBytes(p - 3n, size);
    const generator = concatBytes(Uint8Array.of(4), xBytes, yBytes);
    const explicit = derSequence(
      derInteger(1n),
      derSequence(derOid('1.2.840.10045.1.1'), derInteger(p)),
      derSequence(derOctetString(a), derOctetString(integerToBytes(b, size))),
      derOctetString(generator),
      derInteger(curve.n),
      derInteger(1n),
    );
    expect(gate(spki([derOid(EC), explicit], good))).toBe('KEY_UNSUPPORTED');
    expect(gate(spki([derOid(EC), derNull()], good))).toBe('KEY_UNSUPPORTED');
    expect(gate(spki([derOid(EC)], good))).toBe('KEY_MALFORMED');
    expect(gate(spki([derOid(EC), derOid(oid), derNull()], good))).toBe('KEY_MALFORMED');
  });
});

describe('encodings', () => {
  const curve = curveOf('P-256');
  const der = encodeSpki(pointOf(curve, 7n));
  const [algorithm, key] = [der.subarray(2, 23), der.subarray(23)];

  it('refuses lengths that BER allows and DER does not', () => {
    expect(der[0]).toBe(0x30);
    const longForm = concatBytes(Uint8Array.of(0x30, 0x81, der.length - 2), der.subarray(2));
    const indefinite = concatBytes(Uint8Array.of(0x30, 0x80), algorithm, key, Uint8Array.of(0, 0));
    expect(gate(longForm)).toBe('KEY_MALFORMED');
    expect(gate(indefinite)).toBe('KEY_MALFORMED');
  });

  it('refuses trailing data at every level', () => {
    const nul = derNull();
    expect(gate(concatBytes(der, nul))).toBe('KEY_MALFORMED');
    expect(gate(concatBytes(der, Uint8Array.of(0)))).toBe('KEY_MALFORMED');
    expect(gate(derSequence(algorithm, key, nul))).toBe('KEY_MALFORMED');
    const rsaKey = concatBytes(derSequence(derInteger(rsa.n), derInteger(65537n)), nul);
    expect(gate(spki([derOid(RSA), nul], rsaKey))).toBe('KEY_MALFORMED');
  });

  it('refuses unused bits, wrong tags, cut and empty input', () => {
    const point = key.subarray(3);
    const shifted = Uint8Array.from(point);
    shifted[shifted.length - 1] = 0x80;
    expect(gate(spki([derOid(EC), derOid(curve.oid)], shifted, 1))).toBe('KEY_MALFORMED');
    expect(gate(derSequence(algorithm, derOctetString(point)))).toBe('KEY_MALFORMED');
    for (let length = 0; length < der.length; length++)
      expect(gate(der.subarray(0, length))).toBe('KEY_MALFORMED');
  });

  it('refuses other algorithms', () => {
    const pss = '1.2.840.113549.1.1.10';
    const rsaKey = derSequence(derInteger(rsa.n), derInteger(65537n));
    expect(gate(spki([derOid(pss)], rsaKey))).toBe('KEY_UNSUPPORTED');
    expect(gate(spki([derOid(pss), derNull()], rsaKey))).toBe('KEY_UNSUPPORTED');
    expect(gate(spki([derOid('1.3.132.1.12'), derOid(curve.oid)], key.subarray(3)))).toBe('KEY_UNSUPPORTED');
    expect(gate(edSpkiOf('1.3.101.110'))).toBe('KEY_UNSUPPORTED');
    expect(gate(edSpkiOf('1.3.101.113'))).toBe('KEY_UNSUPPORTED');
    expect(gate(spki([derOid('1.2.840.10040.4.1')], derInteger(5n)))).toBe('KEY_UNSUPPORTED');
  });

  it('refuses oversized input before parsing it', () => {
    expect(gate(new Uint8Array(2049))).toBe('KEY_MALFORMED');
    expect(refusal(() => PublicKey.fromPem('\n'.repeat(8193)))).toBe('KEY_MALFORMED');
  });

  it('law: whatever is done to a key, it is refused with a KeyError or stays canonical', () => {
    const keys = [
      der,
      encodeSpki(pointOf(curveOf('P-521'), 9n)),
      rsa.spki,
      edSpki(ed25519.Point.BASE.toBytes()),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...keys),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(3),
        (valid, at, byte, edit) => {
          const i = at % valid.length;
          const [head, tail] = [valid.subarray(0, i), valid.subarray(i)];
          const altered = [
            concatBytes(head, Uint8Array.of(byte), tail),
            concatBytes(head, Uint8Array.of(byte), tail.subarray(1)),
            concatBytes(head, tail.subarray(1)),
            concatBytes(head, tail, tail),
          ][edit] as Uint8Array;
          if (gate(altered) === undefined)
            expect(encodeHex(PublicKey.fromSpki(altered).spki)).toBe(encodeHex(altered));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('does not alias its input', () => {
    const input = Uint8Array.from(edSpki(ed25519.Point.BASE.toBytes()));
    const taken = PublicKey.fromSpki(input);
    input.fill(0);
    expect(encodeHex(taken.spki)).toBe(encodeHex(edSpki(ed25519.Point.BASE.toBytes())));
    expect(taken.keyObject.asymmetricKeyType).toBe('ed25519');
  });

  function edSpkiOf(oid: string): Uint8Array {
    return spki([derOid(oid)], new Uint8Array(32).fill(9));
  }
});

describe('RSA keys', () => {
  const { n } = rsa;
  const modulus = (bits: number): bigint => (1n << BigInt(bits - 1)) + 1n;

  it('takes odd moduli of 2048 to 8192 bits and odd exponents of 65537 to 2^31 - 1', () => {
    const key = PublicKey.fromSpki(rsa.spki);
    expect([key.type, key.rsaModulusBits, encodeHex(key.spki)]).toEqual(['RSA', 2048, encodeHex(rsa.spki)]);
    expect(key.keyObject.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
    for (const bits of [2048, 2049, 2560, 3072, 4096, 8192])
      expect(gate(rsaSpki(modulus(bits), 65537n))).toBeUndefined();
    expect(gate(rsaSpki(n, 65539n))).toBeUndefined();
    expect(gate(rsaSpki(n, (1n << 31n) - 1n))).toBeUndefined();
  });

  it('refuses small, large and even moduli', () => {
    expect(gate(rsaSpki(15n, 65537n))).toBe('KEY_WEAK');
    expect(gate(rsaSpki(modulus(1024), 65537n))).toBe('KEY_WEAK');
    expect(gate(rsaSpki(modulus(2047), 65537n))).toBe('KEY_WEAK');
    expect(gate(rsaSpki(modulus(8193), 65537n))).toBe('KEY_UNSUPPORTED');
    expect(gate(rsaSpki(n - 1n, 65537n))).toBe('KEY_WEAK');
  });

  it('refuses exponents of 1 and 3, even ones and large ones', () => {
    for (const e of [1n, 2n, 3n, 17n, 65535n, 65536n, 65538n]) expect(gate(rsaSpki(n, e))).toBe('KEY_WEAK');
    for (const e of [(1n << 31n) + 1n, n - 2n]) expect(gate(rsaSpki(n, e))).toBe('KEY_UNSUPPORTED');
  });

  it('refuses zero, negative and padded integers', () => {
    expect(gate(rsaSpki(0n, 65537n))).toBe('KEY_MALFORMED');
    expect(gate(rsaSpki(n, 0n))).toBe('KEY_MALFORMED');
    expect(gate(rsaSpki(-n, 65537n))).toBe('KEY_MALFORMED');
    expect(gate(rsaSpki(n, -65537n))).toBe('KEY_MALFORMED');
    const padded = concatBytes(Uint8Array.of(0x02, 0x04), Uint8Array.of(0, 1, 0, 1));
    expect(gate(spki([derOid(RSA), derNull()], derSequence(derInteger(n), padded)))).toBe('KEY_MALFORMED');
  });

  it('refuses absent and other algorithm parameters', () => {
    const key = derSequence(derInteger(n), derInteger(65537n));
    expect(gate(spki([derOid(RSA)], key))).toBe('KEY_MALFORMED');
    expect(gate(spki([derOid(RSA), derSequence()], key))).toBe('KEY_MALFORMED');
    expect(gate(spki([derOid(RSA), Uint8Array.of(5, 1, 0)], key))).toBe('KEY_MALFORMED');
  });
});

describe('Ed25519 keys', () => {
  const small = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ];
  const nonCanonical = [
    '0100000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ];

  it('takes a canonical point', () => {
    const point = ed25519.Point.BASE.toBytes();
    const key = PublicKey.fromSpki(edSpki(point));
    expect([key.type, encodeHex(key.spki)]).toEqual(['Ed25519', encodeHex(edSpki(point))]);
    expect(key.keyObject.asymmetricKeyType).toBe('ed25519');
  });

  it.each(small)('refuses the point of small order %s', (point) => {
    expect(gate(edSpki(decodeHex(point)))).toBe('KEY_WEAK');
  });

  it.each(nonCanonical)('refuses the non-canonical encoding %s', (point) => {
    expect(gate(edSpki(decodeHex(point)))).toBe('KEY_NOT_ON_CURVE');
  });

  it('refuses a y without a point, wrong lengths and parameters', () => {
    expect(gate(edSpki(integerToBytes(2n << 248n, 32)))).toBe('KEY_NOT_ON_CURVE');
    const point = ed25519.Point.BASE.toBytes();
    expect(gate(edSpki(point.subarray(1)))).toBe('KEY_MALFORMED');
    expect(gate(edSpki(concatBytes(point, Uint8Array.of(0))))).toBe('KEY_MALFORMED');
    expect(gate(spki([derOid(ED25519), derNull()], point))).toBe('KEY_MALFORMED');
  });
});

describe('PEM', () => {
  const key = PublicKey.fromSpki(rsa.spki);
  const pem = (text: string) => refusal(() => PublicKey.fromPem(text));

  it('reads SPKI and PKCS#1', () => {
    const pkcs1 = encodePem('RSA PUBLIC KEY', derSequence(derInteger(rsa.n), derInteger(65537n)));
    expect(PublicKey.fromPem(key.toPem()).spki).toEqual(key.spki);
    expect(PublicKey.fromPem(pkcs1).spki).toEqual(key.spki);
    expect(PublicKey.fromPem(key.toPem()).toPem()).toBe(
      key.keyObject.export({ format: 'pem', type: 'spki' }),
    );
  });

  it('puts PKCS#1 keys through the same gate', () => {
    expect(pem(encodePem('RSA PUBLIC KEY', derSequence(derInteger(rsa.n), derInteger(3n))))).toBe('KEY_WEAK');
    expect(pem(encodePem('RSA PUBLIC KEY', derSequence(derInteger(15n), derInteger(65537n))))).toBe(
      'KEY_WEAK',
    );
    expect(pem(encodePem('RSA PUBLIC KEY', rsa.spki))).toBe('KEY_MALFORMED');
    expect(pem(encodePem('PUBLIC KEY', derSequence(derInteger(rsa.n), derInteger(65537n))))).toBe(
      'KEY_MALFORMED',
    );
  });

  it('refuses private keys, other labels, several blocks and garbage', () => {
    expect(pem(PrivateKeySigner.generate('P-256').toEncryptedPem('x'))).toBe('KEY_PRIVATE');
    expect(pem(encodePem('PRIVATE KEY', rsa.spki))).toBe('KEY_PRIVATE');
    expect(pem(encodePem('CERTIFICATE', rsa.spki))).toBe('KEY_MALFORMED');
    expect(pem(key.toPem() + key.toPem())).toBe('KEY_MALFORMED');
    expect(pem(`${key.toPem()}garbage`)).toBe('KEY_MALFORMED');
    expect(pem('')).toBe('KEY_MALFORMED');
  });
});

describe('keyId', () => {
  it('is SHA-256 of the SPKI', () => {
    const der = decodeHex(
      '3059301306072a8648ce3d020106082a8648ce3d03010703420004' +
        '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
        '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    );
    const key = PublicKey.fromSpki(der);
    expect(encodeHex(key.keyId)).toBe('5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4');
    expect(key.keyId).toBe(key.keyId);
    expect(key.keyObject).toBe(key.keyObject);
  });
});
