import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, verifyMessage } from '@sigstead/crypto';
import { decodePem, encodePem, encodeUtf8 } from '@sigstead/encoding';
import { importPrivateKey, openManagedKey, sealManagedKey } from './managed-key.ts';
import { generateKey, signingAlgorithms } from './signing-algorithm.ts';

const PASSWORD = encodeUtf8('correct horse');
const MESSAGE = encodeUtf8('a message');

const pemOf = (signer: PrivateKeySigner): string => signer.publicKey.toPem();
const sealed = async (signer = PrivateKeySigner.generate('P-256')): Promise<Uint8Array> =>
  encodeUtf8(await sealManagedKey(signer, PASSWORD, randomBytes));

describe('managed key', () => {
  it.each(signingAlgorithms)('comes back and signs: %s', async (algorithm) => {
    const signer = generateKey(algorithm);
    const again = await openManagedKey(await sealed(signer), PASSWORD);
    expect(pemOf(again)).toBe(pemOf(signer));
    const signature = await again.sign(MESSAGE);
    expect(verifyMessage(signer.publicKey, again.hash, MESSAGE, signature)).toBe(true);
  });

  it('is written as cosign writes it', async () => {
    const [block, ...more] = decodePem(new TextDecoder().decode(await sealed()));
    expect([block?.label, more]).toEqual(['ENCRYPTED SIGSTORE PRIVATE KEY', []]);
    const text = new TextDecoder().decode(block?.bytes);
    expect(text).toMatch(
      /^\{"kdf":\{"name":"scrypt","params":\{"N":65536,"r":8,"p":1\},"salt":"[^"]{44}"\},"cipher":\{"name":"nacl\/secretbox","nonce":"[^"]{32}"\},"ciphertext":"[^"]+"\}$/,
    );
  });

  it('has salt and nonce of its own each time', async () => {
    const signer = PrivateKeySigner.generate('P-256');
    expect(await sealed(signer)).not.toEqual(await sealed(signer));
  });

  it('does not open with another password, nor changed', async () => {
    const file = await sealed();
    await expect(openManagedKey(file, encodeUtf8('battery staple'))).rejects.toMatchObject({
      code: 'PASSWORD',
      message: expect.not.stringContaining('battery'),
    });
    const [block] = decodePem(new TextDecoder().decode(file));
    const box = JSON.parse(new TextDecoder().decode(block?.bytes)) as { ciphertext: string };
    const ciphertext = Buffer.from(box.ciphertext, 'base64');
    for (const at of [0, 20, ciphertext.length - 1]) {
      const changed = Buffer.from(ciphertext);
      changed[at] = (changed[at] as number) ^ 1;
      const text = JSON.stringify({ ...box, ciphertext: changed.toString('base64') });
      const pem = encodePem('ENCRYPTED SIGSTORE PRIVATE KEY', encodeUtf8(text));
      await expect(openManagedKey(encodeUtf8(pem), PASSWORD)).rejects.toMatchObject({ code: 'PASSWORD' });
    }
  });

  it.each([
    ['nothing', '', 'FORMAT'],
    ['text', 'a key', 'FORMAT'],
    ['a file of 64 KiB', 'x'.repeat(65_536), 'FORMAT'],
    ['a key cut short', '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n', 'FORMAT'],
    ['a public key', pemOf(PrivateKeySigner.generate('P-256')), 'UNSUPPORTED'],
    ['a block of nothing', encodePem('ENCRYPTED SIGSTORE PRIVATE KEY', new Uint8Array(0)), 'FORMAT'],
    ['no JSON', encodePem('ENCRYPTED SIGSTORE PRIVATE KEY', encodeUtf8('{')), 'FORMAT'],
  ])('refuses %s', async (_what, text, code) => {
    await expect(openManagedKey(encodeUtf8(text), PASSWORD)).rejects.toMatchObject({ code });
  });

  it('refuses two keys in one file', async () => {
    const file = new TextDecoder().decode(await sealed());
    await expect(openManagedKey(encodeUtf8(file + file), PASSWORD)).rejects.toMatchObject({ code: 'FORMAT' });
  });

  it('refuses bytes that are no text', async () => {
    await expect(openManagedKey(Uint8Array.of(0xff, 0xfe), PASSWORD)).rejects.toMatchObject({
      code: 'FORMAT',
    });
  });

  it('points at import-key-pair when the key is in the clear', async () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      format: 'pem',
      type: 'pkcs8',
    });
    await expect(openManagedKey(encodeUtf8(pem as string), PASSWORD)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('import-key-pair'),
    });
  });
});

interface KeyVector {
  readonly desc: string;
  readonly password: string;
  readonly pem: string;
  readonly public: string;
}

const VECTORS = new URL('../../../vectors/managed-key/keys.json', import.meta.url);

describe("keys of cosign's own library", () => {
  const vectors = JSON.parse(readFileSync(VECTORS, 'utf8')) as KeyVector[];

  it.each(vectors.map((vector) => [vector.desc, vector] as const))('open: %s', async (_desc, vector) => {
    const signer = await openManagedKey(encodeUtf8(vector.pem), encodeUtf8(vector.password));
    expect(pemOf(signer)).toBe(vector.public);
    const signature = await signer.sign(MESSAGE);
    expect(verifyMessage(signer.publicKey, signer.hash, MESSAGE, signature)).toBe(true);
  });
});

describe('importPrivateKey', () => {
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
  const written = (key: ReturnType<typeof ec>, type: 'pkcs8' | 'sec1' | 'pkcs1'): Uint8Array =>
    encodeUtf8(key.export({ format: 'pem', type } as { format: 'pem'; type: 'pkcs8' }) as string);

  it.each([
    ['PKCS#8 P-256', () => written(ec('P-256'), 'pkcs8'), 'P-256'],
    ['PKCS#8 P-384', () => written(ec('P-384'), 'pkcs8'), 'P-384'],
    ['SEC 1 P-521', () => written(ec('P-521'), 'sec1'), 'P-521'],
    ['PKCS#8 Ed25519', () => written(generateKeyPairSync('ed25519').privateKey, 'pkcs8'), 'Ed25519'],
    ['PKCS#8 RSA', () => written(rsa(2048), 'pkcs8'), 'RSA'],
    ['PKCS#1 RSA', () => written(rsa(3072), 'pkcs1'), 'RSA'],
  ])('reads %s', (_what, file, type) => {
    expect(importPrivateKey(file()).publicKey.type).toBe(type);
  });

  it('reads the parameters "openssl ecparam -genkey" puts first, and lets them be', () => {
    const key = new TextDecoder().decode(written(ec('P-256'), 'sec1'));
    const parameters = encodePem('EC PARAMETERS', Uint8Array.of(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7));
    expect(importPrivateKey(encodeUtf8(parameters + key)).publicKey.type).toBe('P-256');
  });

  it.each([
    ['another curve', () => written(ec('secp256k1'), 'pkcs8'), 'KEY'],
    ['a short RSA key', () => written(rsa(1024), 'pkcs8'), 'KEY'],
    ['an RSA size without a name', () => written(rsa(2560), 'pkcs8'), 'KEY'],
    ['no key in the block', () => encodeUtf8(encodePem('PRIVATE KEY', Uint8Array.of(1))), 'KEY'],
    [
      'a managed key',
      () => encodeUtf8(encodePem('ENCRYPTED SIGSTORE PRIVATE KEY', Uint8Array.of(1))),
      'UNSUPPORTED',
    ],
    [
      'an encrypted key',
      () => encodeUtf8(encodePem('ENCRYPTED PRIVATE KEY', Uint8Array.of(1))),
      'UNSUPPORTED',
    ],
    ['a certificate', () => encodeUtf8(encodePem('CERTIFICATE', Uint8Array.of(1))), 'UNSUPPORTED'],
    ['nothing', () => new Uint8Array(0), 'FORMAT'],
  ])('refuses %s', (_what, file, code) => {
    expect(() => importPrivateKey(file())).toThrow(expect.objectContaining({ code }));
  });
});
