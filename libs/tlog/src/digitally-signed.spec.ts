import { verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { digitallySign } from './digitally-signed.ts';
import { refusalOf } from './testonly/errors.ts';

const input = encodeUtf8('what is signed');

describe('digitallySign', () => {
  it.each([
    ['P-256', '0403'],
    ['RSA', '0401'],
  ] as const)('with a %s key names its algorithm, and node verifies what follows', async (type, prefix) => {
    const signer = PrivateKeySigner.generate(type);
    const signed = await digitallySign(signer, input);
    expect(encodeHex(signed.subarray(0, 2))).toBe(prefix);
    expect(signed.length).toBe(4 + Buffer.from(signed).readUInt16BE(2));
    expect(verify('sha256', input, signer.publicKey.keyObject, signed.subarray(4))).toBe(true);
  });

  it.each(['P-384', 'Ed25519'] as const)('refuses a %s key', async (type) => {
    expect(await refusalOf(digitallySign(PrivateKeySigner.generate(type), input))).toBe('SIGNER');
  });
});
