import { beforeAll, describe, expect, it } from '@jest/globals';
import { PublicKey, verifyDigest } from '@sigstead/crypto';
import { decodeBase64, decodeHex, decodeUtf8 } from '@sigstead/encoding';
import { SignedEntries } from './signed-entries.ts';

interface Proposed {
  readonly spec: {
    readonly data: { readonly hash: { readonly value: string } };
    readonly signature: { readonly content: string; readonly publicKey: { readonly content: string } };
  };
}

describe('signed entries', () => {
  const texts: string[] = [];
  beforeAll(async () => {
    const entries = SignedEntries.forRekorV1();
    await entries.prepare(3);
    while (texts.length < 5) texts.push(entries.next());
  });

  it('are no two alike, whether made ahead or when they are wanted', () => {
    expect(new Set(texts).size).toBe(5);
  });

  it('verify', () => {
    for (const text of texts) {
      const { data, signature } = (JSON.parse(text) as Proposed).spec;
      const key = PublicKey.fromPem(decodeUtf8(decodeBase64(signature.publicKey.content)));
      const [digest, bytes] = [decodeHex(data.hash.value), decodeBase64(signature.content)];
      expect(verifyDigest(key, 'sha256', digest, bytes)).toBe(true);
    }
  });
});
