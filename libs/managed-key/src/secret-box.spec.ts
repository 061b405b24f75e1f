import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { openBox, sealBox } from './secret-box.ts';

const PASSWORD = encodeUtf8('correct horse');
const CONTENT = encodeUtf8('what is kept');

interface BoxJson {
  kdf: { name: string; params: Record<string, unknown>; salt: string };
  cipher: { name: string; nonce: string };
  ciphertext: string;
}

async function changed(change: (box: BoxJson) => void): Promise<Uint8Array> {
  const box = JSON.parse(new TextDecoder().decode(await sealBox(CONTENT, PASSWORD, randomBytes))) as BoxJson;
  change(box);
  return encodeUtf8(JSON.stringify(box));
}

describe('secret box', () => {
  it.each(['', 'x', 'p\u00e4ssw\u00f6rd \u2602'])('opens with its password %j', async (password) => {
    const box = await sealBox(CONTENT, encodeUtf8(password), randomBytes);
    expect(await openBox(box, encodeUtf8(password))).toEqual(CONTENT);
    await expect(openBox(box, encodeUtf8(`${password} `))).rejects.toMatchObject({ code: 'PASSWORD' });
  });

  it.each([
    ['a terabyte of memory', { N: 2 ** 33, r: 8, p: 1 }],
    ['large blocks', { N: 32768, r: 2 ** 20, p: 1 }],
    ['a year', { N: 32768, r: 8, p: 2 ** 24 }],
    ['no work', { N: 2, r: 8, p: 1 }],
    ['a cost that is no power of two', { N: 65535, r: 8, p: 1 }],
    ['a fraction', { N: 65536.5, r: 8, p: 1 }],
    ['text', { N: '65536', r: 8, p: 1 }],
    ['nothing', {}],
  ])('does not begin with scrypt parameters that ask for %s', async (_what, params) => {
    const box = await changed(({ kdf }) => (kdf.params = params));
    await expect(openBox(box, PASSWORD)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it.each<[string, string, (box: BoxJson) => void]>([
    ['another key derivation', 'UNSUPPORTED', ({ kdf }) => (kdf.name = 'argon2id')],
    ['another cipher', 'UNSUPPORTED', ({ cipher }) => (cipher.name = 'aes-256-gcm')],
    ['a short salt', 'FORMAT', ({ kdf }) => (kdf.salt = 'AAAA')],
    ['a short nonce', 'FORMAT', ({ cipher }) => (cipher.nonce = 'AAAA')],
    ['a nonce that is no base64', 'FORMAT', ({ cipher }) => (cipher.nonce = '*')],
    ['less than a tag', 'FORMAT', (box) => (box.ciphertext = 'AAAA')],
    ['more than a key', 'FORMAT', (box) => (box.ciphertext = 'AAAA'.repeat(2900))],
    ['more than anything', 'FORMAT', (box) => (box.ciphertext = 'AAAA'.repeat(9000))],
    ['no cipher', 'FORMAT', (box) => Reflect.deleteProperty(box, 'cipher')],
    ['a list of key derivations', 'FORMAT', (box) => ((box as { kdf: unknown }).kdf = [box.kdf])],
  ])('refuses %s', async (_what, code, change) => {
    await expect(openBox(await changed(change), PASSWORD)).rejects.toMatchObject({ code });
  });

  it('refuses what is cut short anywhere', async () => {
    const box = await sealBox(CONTENT, PASSWORD, randomBytes);
    for (let size = 0; size < box.length; size += 7) {
      await expect(openBox(box.subarray(0, size), PASSWORD)).rejects.toMatchObject({ code: 'FORMAT' });
    }
  });

  it('leaves the plaintext of the caller alone', async () => {
    const content = Uint8Array.from(CONTENT);
    await sealBox(content, PASSWORD, randomBytes);
    expect(content).toEqual(CONTENT);
  });
});
