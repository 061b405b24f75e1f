import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { decodePem, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import type { KeyType } from './key-parameters.ts';
import { PrivateKeySigner } from './private-key-signer.ts';
import { refusal } from './testonly/refusal.ts';
import { digest } from './digest.ts';
import { verifyDigest, verifyMessage } from './verify.ts';

const types: readonly KeyType[] = ['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'];
const message = encodeUtf8('a message');

describe('PrivateKeySigner', () => {
  it.each(types)(
    '%s: signs what its public key verifies, before and after a trip through an encrypted PEM',
    async (type) => {
      const signer = PrivateKeySigner.generate(type);
      const pem = signer.toEncryptedPem('correct horse');
      const again = PrivateKeySigner.fromPem(pem, 'correct horse');
      expect(decodePem(pem)[0]?.label).toBe('ENCRYPTED PRIVATE KEY');
      expect([again.publicKey.type, encodeHex(again.publicKey.keyId)]).toEqual([
        type,
        encodeHex(signer.publicKey.keyId),
      ]);
      for (const { sign, publicKey, hash } of [signer, again].map((s) => ({
        sign: s.sign.bind(s),
        publicKey: s.publicKey,
        hash: s.hash,
      }))) {
        const signature = await sign(message);
        expect(Object.getPrototypeOf(signature)).toBe(Uint8Array.prototype);
        expect(verifyMessage(publicKey, hash, message, signature)).toBe(true);
      }
    },
  );

  it.each(types.filter((type) => type !== 'Ed25519'))(
    '%s: signs a digest as it signs the message',
    async (type) => {
      const signer = PrivateKeySigner.generate(type);
      const made = digest(signer.hash, message);
      for (let i = 0; i < 8; i++) {
        const signature = await signer.signDigest(made);
        expect(verifyMessage(signer.publicKey, signer.hash, message, signature)).toBe(true);
        expect(verifyDigest(signer.publicKey, signer.hash, made, signature)).toBe(true);
      }
      await expect(signer.signDigest(made.subarray(1))).rejects.toMatchObject({ code: 'ALGORITHM' });
    },
  );

  it('does not sign digests with Ed25519', async () => {
    const signer = PrivateKeySigner.generate('Ed25519');
    await expect(signer.signDigest(digest('sha512', message))).rejects.toMatchObject({
      code: 'KEY_UNSUPPORTED',
    });
  });

  it.each(types)('%s: comes back from PKCS#8', (type) => {
    const signer = PrivateKeySigner.generate(type);
    const der = signer.toPkcs8();
    expect(Object.getPrototypeOf(der)).toBe(Uint8Array.prototype);
    const again = PrivateKeySigner.fromPkcs8(der);
    expect(encodeHex(again.publicKey.keyId)).toBe(encodeHex(signer.publicKey.keyId));
    expect(refusal(() => PrivateKeySigner.fromPkcs8(der.subarray(0, -1)))).toBe('KEY_MALFORMED');
  });

  it('generates RSA as large as it is asked to', () => {
    expect(PrivateKeySigner.generate('RSA', 3072).publicKey.rsaModulusBits).toBe(3072);
  });

  it('pairs each key with its hash', () => {
    expect(types.map((type) => PrivateKeySigner.generate(type).hash)).toEqual([
      'sha256',
      'sha384',
      'sha512',
      'sha256',
      'sha512',
    ]);
  });

  it('generates RSA of 2048 bits', () => {
    expect(PrivateKeySigner.generate('RSA').publicKey.rsaModulusBits).toBe(2048);
  });

  it('encrypts anew each time', () => {
    const signer = PrivateKeySigner.generate('P-256');
    expect(signer.toEncryptedPem('x')).not.toBe(signer.toEncryptedPem('x'));
  });

  it('reads the forms OpenSSL writes', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pkcs8 = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }) as string;
    const encrypted = privateKey.export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'p',
    }) as string;
    const keyIds = [
      PrivateKeySigner.fromPem(pkcs8),
      PrivateKeySigner.fromPem(sec1),
      PrivateKeySigner.fromPem(encrypted, 'p'),
    ].map((signer) => encodeHex(signer.publicKey.keyId));
    expect(new Set(keyIds).size).toBe(1);
  });

  it('refuses a missing, wrong or empty passphrase without repeating it', () => {
    const signer = PrivateKeySigner.generate('P-256');
    const pem = signer.toEncryptedPem('correct horse');
    expect(refusal(() => PrivateKeySigner.fromPem(pem))).toBe('KEY_ENCRYPTED');
    expect(refusal(() => PrivateKeySigner.fromPem(pem, ''))).toBe('KEY_ENCRYPTED');
    expect(refusal(() => PrivateKeySigner.fromPem(pem, 'battery staple'))).toBe('KEY_ENCRYPTED');
    expect(refusal(() => signer.toEncryptedPem(''))).toBe('KEY_ENCRYPTED');
    try {
      PrivateKeySigner.fromPem(pem, 'battery staple');
    } catch (error) {
      expect(inspect(error, { depth: 5, showHidden: true })).not.toContain('battery staple');
    }
  });

  it('refuses what is no private key, and keys the gate refuses', () => {
    const pem = (type: 'rsa' | 'dsa'): string => {
      const { privateKey } =
        type === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 1024 })
          : generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
      return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    };
    expect(refusal(() => PrivateKeySigner.fromPem(''))).toBe('KEY_MALFORMED');
    expect(
      refusal(() => PrivateKeySigner.fromPem(PrivateKeySigner.generate('P-256').publicKey.toPem())),
    ).toBe('KEY_MALFORMED');
    expect(refusal(() => PrivateKeySigner.fromPem(pem('rsa')))).toBe('KEY_WEAK');
    expect(refusal(() => PrivateKeySigner.fromPem(pem('dsa')))).toBe('KEY_UNSUPPORTED');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    expect(
      refusal(() => PrivateKeySigner.fromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)),
    ).toBe('KEY_UNSUPPORTED');
  });

  it('shows nothing of the key when inspected', () => {
    const shown = inspect(PrivateKeySigner.generate('P-256'), { depth: 5, showHidden: true });
    expect(shown).not.toContain('PrivateKeyObject');
  });
});
