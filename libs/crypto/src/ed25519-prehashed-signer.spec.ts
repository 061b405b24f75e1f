import { describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { digest } from './digest.ts';
import { Ed25519PrehashedSigner } from './ed25519-prehashed-signer.ts';
import { PrivateKeySigner } from './private-key-signer.ts';
import { verifyDigest, verifyMessage } from './verify.ts';

const message = encodeUtf8('a message');

describe('Ed25519PrehashedSigner', () => {
  it('signs what verifies over the digest, and not as pure Ed25519', async () => {
    const key = PrivateKeySigner.generate('Ed25519');
    const signer = new Ed25519PrehashedSigner(key);
    const signature = await signer.sign(message);
    expect(verifyDigest(key.publicKey, 'sha512', digest('sha512', message), signature)).toBe(true);
    expect(verifyMessage(key.publicKey, 'sha512', message, signature)).toBe(false);
    expect(await signer.signDigest(digest('sha512', message))).toEqual(signature);
    await expect(signer.signDigest(digest('sha256', message))).rejects.toMatchObject({ code: 'ALGORITHM' });
  });

  it('is for Ed25519 alone', () => {
    expect(() => new Ed25519PrehashedSigner(PrivateKeySigner.generate('P-256'))).toThrow('P-256');
  });

  it('signs nothing once it is destroyed', async () => {
    const signer = new Ed25519PrehashedSigner(PrivateKeySigner.generate('Ed25519'));
    signer.destroy();
    signer.destroy();
    await expect(signer.sign(message)).rejects.toMatchObject({ code: 'KEY_DESTROYED' });
  });
});
