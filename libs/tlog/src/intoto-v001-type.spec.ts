import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeUtf8, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { intotoV001Type } from './intoto-v001-type.ts';
import { sshFingerprint } from './ssh-fingerprint.ts';
import { base64Of, intotoV001Spec, signEnvelope, STATEMENT } from './testonly/envelopes.ts';
import { refusal } from './testonly/errors.ts';

const [signer, other] = [PrivateKeySigner.generate('P-256'), PrivateKeySigner.generate('P-256')];
const pem = signer.publicKey.toPem();
const envelope = await signEnvelope([signer]);
const sound = intotoV001Spec(envelope, pem);
const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');
const content = (change: JsonObject): JsonObject => ({
  ...sound,
  content: { ...(sound['content'] as JsonObject), ...change },
});

function verdict(spec: JsonValue): string {
  return refusal(() => {
    const entry = intotoV001Type.parse(spec);
    entry.verify();
    entry.assertInsertable();
  });
}

describe('a proposed intoto 0.0.1 entry', () => {
  it('is stored as digests of its own making with the canonical key', () => {
    const lying = content({ hash: { algorithm: 'sha256', value: '00'.repeat(32) }, payloadHash: { any: 1 } });
    expect(verdict(lying)).toBe('accepted');
    expect(JSON.parse(decodeUtf8(intotoV001Type.parse(lying).canonicalBody()))).toEqual({
      apiVersion: '0.0.1',
      kind: 'intoto',
      spec: {
        content: {
          hash: { algorithm: 'sha256', value: sha256(JSON.stringify(envelope)) },
          payloadHash: { algorithm: 'sha256', value: sha256(STATEMENT) },
        },
        publicKey: base64Of(pem),
      },
    });
  });

  it('needs one signature by its key, not all', async () => {
    const both = await signEnvelope([other, signer]);
    expect(verdict(intotoV001Spec(both, pem))).toBe('accepted');
    expect(verdict(intotoV001Spec(await signEnvelope([other]), pem))).toBe('SIGNATURE');
  });

  it('passes over a signature with the ID of another key', async () => {
    const foreign = await signEnvelope([signer], { keyIds: ['SHA256:other'] });
    expect(verdict(intotoV001Spec(foreign, pem))).toBe('SIGNATURE');
    const own = await signEnvelope([signer], { keyIds: [sshFingerprint(signer.publicKey)] });
    expect(verdict(intotoV001Spec(own, pem))).toBe('accepted');
    expect(verdict(intotoV001Spec(await signEnvelope([signer], { keyIds: [''] }), pem))).toBe('accepted');
  });

  it('gives its payload to be kept', () => {
    expect(intotoV001Type.parse(sound).attestation).toEqual(encodeUtf8(STATEMENT));
  });

  it('is searched by envelope, key, payload and the digests of its statement', () => {
    expect(intotoV001Type.parse(sound).indexKeys()).toEqual([
      `sha256:${sha256(JSON.stringify(envelope))}`,
      `sha256:${sha256(pem)}`,
      `sha256:${sha256(STATEMENT)}`,
      `sha256:${'aa'.repeat(32)}`,
      `sha512:${'bb'.repeat(64)}`,
      `sha1:${'cc'.repeat(20)}`,
    ]);
  });

  it.each<[string, string, JsonValue]>([
    ['SPEC', 'nothing', {}],
    ['SPEC', 'no content', { ...sound, content: null }],
    ['SPEC', 'no key', { ...sound, publicKey: '' }],
    ['SPEC', 'a key that is no base64', { ...sound, publicKey: '*' }],
    ['VERIFIER', 'a key that is no PEM', { ...sound, publicKey: base64Of('key') }],
    ['SPEC', 'an envelope that is no JSON', content({ envelope: 'x' })],
    ['SPEC', 'no envelope and no digests', content({ envelope: null })],
  ])('is refused with %s for %s', (code, _, spec) => {
    expect(verdict(spec)).toBe(code);
  });

  it('is refused without a payload', async () => {
    const empty = await signEnvelope([signer], { payload: '' });
    expect(verdict(intotoV001Spec(empty, pem))).toBe('NOT_INSERTABLE');
  });
});

describe('a stored intoto 0.0.1 entry', () => {
  const body = intotoV001Type.parse(sound).canonicalBody();
  const { spec } = JSON.parse(decodeUtf8(body)) as { spec: JsonObject };

  it('is found by what it was stored as', () => {
    const entry = intotoV001Type.parse(spec);
    entry.verify();
    expect(entry.canonicalBody()).toEqual(body);
    expect(entry.attestation).toBeUndefined();
    expect(entry.indexKeys()).toHaveLength(3);
  });

  it('cannot be logged again', () => {
    expect(verdict(spec)).toBe('NOT_INSERTABLE');
  });
});
