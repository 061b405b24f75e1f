import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeUtf8, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { intotoV002Type } from './intoto-v002-type.ts';
import { base64Of, IN_TOTO, intotoV002Spec, signEnvelope, STATEMENT } from './testonly/envelopes.ts';
import { refusal } from './testonly/errors.ts';

const [signer, other] = [PrivateKeySigner.generate('P-256'), PrivateKeySigner.generate('P-256')];
const [pem, otherPem] = [signer.publicKey.toPem(), other.publicKey.toPem()];
const envelope = await signEnvelope([signer]);
const sound = intotoV002Spec(envelope, [pem]);
const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');

interface Spec {
  content: { envelope: JsonObject & { signatures: JsonObject[] }; hash: JsonValue; payloadHash?: JsonValue };
}

/** A deep copy with one thing changed. */
function changed(change: (content: Spec['content']) => void): JsonObject {
  const spec = structuredClone(sound) as unknown as Spec;
  change(spec.content);
  return spec as unknown as JsonObject;
}

function verdict(spec: JsonValue): string {
  return refusal(() => {
    const entry = intotoV002Type.parse(spec);
    entry.verify();
    entry.assertInsertable();
  });
}

function bodyOf(spec: JsonValue): { spec: JsonObject } {
  return JSON.parse(decodeUtf8(intotoV002Type.parse(spec).canonicalBody())) as { spec: JsonObject };
}

describe('a proposed intoto 0.0.2 entry', () => {
  it('is stored without its payload, keys as sent, the digest of the envelope as claimed', () => {
    const loose = pem.trimEnd();
    const spec = changed(({ envelope: { signatures } }) => {
      (signatures[0] as JsonObject)['publicKey'] = base64Of(loose);
    });
    expect(verdict(spec)).toBe('accepted');
    expect(bodyOf(spec)).toEqual({
      apiVersion: '0.0.2',
      kind: 'intoto',
      spec: {
        content: {
          envelope: {
            payloadType: IN_TOTO,
            signatures: [{ publicKey: base64Of(loose), sig: base64Of(envelope.signatures[0]?.sig ?? '') }],
          },
          hash: { algorithm: 'sha256', value: 'ab'.repeat(32) },
          payloadHash: { algorithm: 'sha256', value: sha256(STATEMENT) },
        },
      },
    });
  });

  it('keeps the order of its signatures, and their key IDs', async () => {
    const both = await signEnvelope([signer, other], { keyIds: ['one', ''] });
    const spec = intotoV002Spec(both, [pem, otherPem]);
    expect(verdict(spec)).toBe('accepted');
    const { signatures } = (bodyOf(spec).spec as unknown as Spec).content.envelope;
    expect(signatures.map(({ keyid, sig }) => [keyid, sig])).toEqual([
      ['one', base64Of(both.signatures[0]?.sig ?? '')],
      [undefined, base64Of(both.signatures[1]?.sig ?? '')],
    ]);
  });

  it('drops a digest of the payload that the client claims', () => {
    const spec = changed(
      (content) => (content.payloadHash = { algorithm: 'sha256', value: '00'.repeat(32) }),
    );
    expect(bodyOf(spec)).toEqual(bodyOf(sound));
  });

  it('gives its payload to be kept', () => {
    expect(intotoV002Type.parse(sound).attestation).toEqual(encodeUtf8(STATEMENT));
  });

  it('is searched by keys, payload and the digests of its statement, not by a digest nobody checked', () => {
    expect(intotoV002Type.parse(sound).indexKeys()).toEqual([
      `sha256:${sha256(pem)}`,
      `sha256:${sha256(STATEMENT)}`,
      `sha256:${'aa'.repeat(32)}`,
      `sha512:${'bb'.repeat(64)}`,
      `sha1:${'cc'.repeat(20)}`,
    ]);
  });

  it.each<[string, string, JsonValue]>([
    ['SIGNATURE', 'another key', intotoV002Spec(envelope, [otherPem])],
    ['SIGNATURE', 'another payload', changed(({ envelope: e }) => (e['payload'] = base64Of(base64Of('{}'))))],
    ['SIGNATURE', 'another type', changed(({ envelope: e }) => (e['payloadType'] = 'text/plain'))],
    ['SPEC', 'nothing', {}],
    ['SPEC', 'no envelope', { content: {} }],
    ['SPEC', 'no type', changed(({ envelope: e }) => (e['payloadType'] = ''))],
    ['SPEC', 'no signatures', changed(({ envelope: e }) => (e.signatures = []))],
    [
      'SPEC',
      'too many signatures',
      changed(({ envelope: e }) => (e.signatures = Array(9).fill(e.signatures[0]) as JsonObject[])),
    ],
    ['SPEC', 'no digest of the envelope', changed((content) => (content.hash = null))],
    [
      'SPEC',
      'a malformed digest',
      changed((content) => (content.hash = { algorithm: 'sha256', value: 'x' })),
    ],
    ['SPEC', 'a payload that is base64 once', changed(({ envelope: e }) => (e['payload'] = base64Of('*')))],
    ['SPEC', 'a payload that is no text inside', changed(({ envelope: e }) => (e['payload'] = '//79'))],
    ['SPEC', 'a signature without key', changed(({ envelope: e }) => (e.signatures = [{ sig: 'AAAA' }]))],
    [
      'VERIFIER',
      'a key that is no PEM',
      changed(({ envelope: e }) => (e.signatures = [{ sig: base64Of('AAAA'), publicKey: base64Of('x') }])),
    ],
  ])('is refused with %s for %s', (code, _, spec) => {
    expect(verdict(spec)).toBe(code);
  });
});

describe('a stored intoto 0.0.2 entry', () => {
  it('is found by what it was stored as, and cannot be logged again', () => {
    const { spec } = bodyOf(sound);
    const entry = intotoV002Type.parse(spec);
    entry.verify();
    expect(entry.canonicalBody()).toEqual(intotoV002Type.parse(sound).canonicalBody());
    expect(verdict(spec)).toBe('NOT_INSERTABLE');
  });
});
