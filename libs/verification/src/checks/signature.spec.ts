import { digest as digestOf, PrivateKeySigner, sha256, type KeyType } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { describe, expect, it } from '@jest/globals';
import type { Artifact, ArtifactDigest } from '../evidence/signature-evidence.ts';
import { refusal } from '../testonly/refusal.ts';
import { IMAGE_DIGEST, simpleSigning } from '../testonly/mini-sigstore.ts';
import { assertPayloadBinds, parseSimpleSigning } from './payload.ts';
import { verifyArtifactSignature, verifyPayloadSignature } from './signature.ts';

const message = encodeUtf8('what is signed');
const digest = { algorithm: 'sha256', digest: sha256(message) } as const;
const claim = { kind: 'message-digest', claimed: digest } as const;

describe('the signature', () => {
  it.each<KeyType>(['P-256', 'RSA'])('verifies over payload and digest with %s', async (type) => {
    const signer = PrivateKeySigner.generate(type);
    const signature = await signer.sign(message);
    const signed = verifyPayloadSignature(signer.publicKey, message, signature);
    expect(signed.digest('sha256')).toEqual(digest.digest);
    for (const artifact of [digest, { ...digest, content: message }]) {
      const { hash } = verifyArtifactSignature(signer.publicKey, claim, artifact, signature);
      expect(hash).toBe('sha256');
    }
  });

  it('refuses another payload, key, key type, and garbage', async () => {
    const signer = PrivateKeySigner.generate('P-256');
    const signature = await signer.sign(message);
    const { publicKey } = signer;
    const keys = (['P-256', 'P-384', 'RSA', 'Ed25519'] as const).map(
      (type) => PrivateKeySigner.generate(type).publicKey,
    );
    expect(refusal(() => verifyPayloadSignature(publicKey, encodeUtf8('other'), signature))).toBe(
      'SIGNATURE_INVALID',
    );
    for (const key of keys) {
      expect(refusal(() => verifyPayloadSignature(key, message, signature))).toBe('SIGNATURE_INVALID');
      expect(refusal(() => verifyArtifactSignature(key, claim, digest, signature))).toBe('SIGNATURE_INVALID');
    }
    for (const garbage of [
      new Uint8Array(),
      signature.slice(1),
      Uint8Array.of(0x30, 0x06, 2, 1, 0, 2, 1, 0),
    ]) {
      expect(refusal(() => verifyPayloadSignature(publicKey, message, garbage))).toBe('SIGNATURE_INVALID');
      expect(refusal(() => verifyArtifactSignature(publicKey, claim, digest, garbage))).toBe(
        'SIGNATURE_INVALID',
      );
    }
  });

  it('is of the artifact, by digest and algorithm', async () => {
    const signer = PrivateKeySigner.generate('P-256');
    const signature = await signer.sign(message);
    const judge = (artifact: Artifact, claimed: ArtifactDigest = digest): string =>
      refusal(() =>
        verifyArtifactSignature(signer.publicKey, { kind: 'message-digest', claimed }, artifact, signature),
      );
    expect(judge(digest)).toBe('accepted');
    const other = { ...digest, digest: sha256(encodeUtf8('other')) };
    expect(judge(other)).toBe('ARTIFACT_DIGEST');
    expect(judge(digest, other)).toBe('ARTIFACT_DIGEST');
    expect(judge(other, other)).toBe('SIGNATURE_INVALID');
    const sha512 = { algorithm: 'sha512', digest: digestOf('sha512', message) } as const;
    expect(judge(digest, sha512)).toBe('ARTIFACT_DIGEST');
    expect(judge({ ...sha512, further: [digest] })).toBe('accepted');
  });

  it('is Ed25519 over the artifact itself where that is at hand, and Ed25519ph over its digest', async () => {
    const signer = PrivateKeySigner.generate('Ed25519');
    const signature = await signer.sign(message);
    const sha512 = { algorithm: 'sha512', digest: digestOf('sha512', message) } as const;
    const judge = (artifact: Artifact): string =>
      refusal(() =>
        verifyArtifactSignature(
          signer.publicKey,
          { kind: 'message-digest', claimed: sha512 },
          artifact,
          signature,
        ),
      );
    expect(judge({ ...sha512, content: message })).toBe('accepted');
    expect(judge({ ...sha512, content: encodeUtf8('other') })).toBe('SIGNATURE_INVALID');
    expect(judge(sha512)).toBe('SIGNATURE_INVALID');
  });
});

describe('the simple signing payload', () => {
  const judge = (payload: Uint8Array): string =>
    refusal(() => assertPayloadBinds(parseSimpleSigning(payload), IMAGE_DIGEST));

  it('names the image', () => {
    expect(judge(simpleSigning(IMAGE_DIGEST))).toBe('accepted');
    expect(parseSimpleSigning(simpleSigning(IMAGE_DIGEST)).dockerReference).toBe(
      'registry.sigstead.test/acme/app',
    );
  });

  it('is not about another image, nor about the same digest in another spelling', () => {
    expect(judge(simpleSigning(`sha256:${'0'.repeat(64)}`))).toBe('PAYLOAD_DIGEST');
    expect(judge(simpleSigning(IMAGE_DIGEST.toUpperCase()))).toBe('PAYLOAD_DIGEST');
    expect(judge(simpleSigning(''))).toBe('PAYLOAD_DIGEST');
  });

  it('is an image signature and nothing else', () => {
    expect(judge(simpleSigning(IMAGE_DIGEST, 'atomic container signature'))).toBe('PAYLOAD_TYPE');
  });

  it.each([
    '',
    'null',
    '[]',
    '{"critical":null}',
    '{"critical":{"type":"cosign container image signature"}}',
    '{"critical":{"type":1,"image":{"docker-manifest-digest":"x"},"identity":{"docker-reference":""}}}',
    '{"critical":{"type":"x","image":{"docker-manifest-digest":["sha256:"]},"identity":{"docker-reference":""}}}',
    `${'['.repeat(40)}${']'.repeat(40)}`,
    '{"__proto__":{"critical":{}}}',
  ])('refuses %j', (text) => {
    expect(judge(encodeUtf8(text))).toBe('PAYLOAD_MALFORMED');
  });

  it('refuses one that is too large or no UTF-8', () => {
    expect(judge(new Uint8Array(300_000).fill(0x20))).toBe('PAYLOAD_MALFORMED');
    expect(judge(Uint8Array.of(0x22, 0xff, 0x22))).toBe('PAYLOAD_MALFORMED');
  });
});
