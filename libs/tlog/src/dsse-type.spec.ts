import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type KeyType, PrivateKeySigner } from '@sigstead/crypto';
import { decodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { dsseType } from './dsse-type.ts';
import { makeCertificate } from './testonly/certificates.ts';
import { base64Of, dsseSpec, signEnvelope, STATEMENT } from './testonly/envelopes.ts';
import { refusal } from './testonly/errors.ts';

const [signer, other] = [PrivateKeySigner.generate('P-256'), PrivateKeySigner.generate('P-256')];
const [pem, otherPem] = [signer.publicKey.toPem(), other.publicKey.toPem()];
const envelope = await signEnvelope([signer]);
const text = JSON.stringify(envelope);
const sound = dsseSpec(envelope, [pem]);

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');

function verdict(spec: JsonValue): string {
  return refusal(() => {
    const entry = dsseType.parse(spec);
    entry.verify();
    entry.assertInsertable();
  });
}

function bodyOf(spec: JsonValue): JsonObject {
  return JSON.parse(decodeUtf8(dsseType.parse(spec).canonicalBody())) as JsonObject;
}

/** The sound spec with other proposed content. */
function proposed(change: JsonObject): JsonObject {
  return { proposedContent: { ...(sound['proposedContent'] as JsonObject), ...change } };
}

describe('a proposed dsse entry', () => {
  it.each<KeyType>(['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'])('is taken with a %s key', async (type) => {
    const own = PrivateKeySigner.generate(type);
    const message = { ...(await signEnvelope([own])) };
    // Signers hash as their curve demands; DSSE entries are checked with SHA-256 only.
    const accepted = own.hash === 'sha256' || type === 'Ed25519' ? 'accepted' : 'SIGNATURE';
    expect(verdict(dsseSpec(message, [own.publicKey.toPem()]))).toBe(accepted);
  });

  it('is stored as digests of the envelope as sent and of its payload, with the canonical key', () => {
    const loose = `  ${pem.replaceAll('\n', '\r\n')}\n\n`;
    expect(bodyOf(dsseSpec(envelope, [loose]))).toEqual({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        envelopeHash: { algorithm: 'sha256', value: sha256(text) },
        payloadHash: { algorithm: 'sha256', value: sha256(STATEMENT) },
        signatures: [{ signature: envelope.signatures[0]?.sig, verifier: base64Of(pem) }],
      },
    });
  });

  it('is another entry with other white space', () => {
    const spaced = dsseSpec(JSON.stringify(envelope, undefined, 1), [pem]);
    expect(verdict(spaced)).toBe('accepted');
    expect(bodyOf(spaced)).not.toEqual(bodyOf(sound));
  });

  it('has its signatures in the order of their text, each with its own key', async () => {
    const both = await signEnvelope([signer, other]);
    const keys = new Map([
      [both.signatures[0]?.sig, pem],
      [both.signatures[1]?.sig, otherPem],
    ]);
    const expected = [...keys]
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
      .map(([signature, key]) => ({ signature, verifier: base64Of(key) }));
    for (const order of [
      [pem, otherPem],
      [otherPem, pem],
    ]) {
      const spec = dsseSpec(both, order);
      expect(verdict(spec)).toBe('accepted');
      expect((bodyOf(spec)['spec'] as JsonObject)['signatures']).toEqual(expected);
    }
  });

  it('ignores key IDs', async () => {
    const named = await signEnvelope([signer], { keyIds: ['of another key'] });
    expect(verdict(dsseSpec(named, [pem]))).toBe('accepted');
  });

  it('takes payload and signature in the URL alphabet, and keeps the signature as sent', async () => {
    const url = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_');
    const sig = url(envelope.signatures[0]?.sig ?? '');
    const spec = dsseSpec({ ...envelope, payload: url(envelope.payload), signatures: [{ sig }] }, [pem]);
    expect(verdict(spec)).toBe('accepted');
    expect((bodyOf(spec)['spec'] as { signatures: JsonObject[] }).signatures[0]?.['signature']).toBe(sig);
  });

  it('counts the length of its type and payload in bytes', async () => {
    const wide = await signEnvelope([signer], { payloadType: 'text/plain; ä€😀', payload: 'ä€😀' });
    expect(verdict(dsseSpec(wide, [pem]))).toBe('accepted');
  });

  it('ignores keys that are left when every signature has one', () => {
    expect(verdict(dsseSpec(envelope, [pem, otherPem]))).toBe('accepted');
  });

  it('takes certificates after the leaf unchecked, and stores them', async () => {
    const leaf = await makeCertificate({ subject: 'x', issuer: 'y', key: signer, issuerKey: other });
    const unrelated = await makeCertificate({ subject: 'z', issuer: 'z', key: other, issuerKey: other });
    const chain = leaf.toPem() + unrelated.toPem();
    expect(verdict(dsseSpec(envelope, [chain]))).toBe('accepted');
    expect(
      (bodyOf(dsseSpec(envelope, [chain]))['spec'] as { signatures: JsonObject[] }).signatures[0],
    ).toMatchObject({
      verifier: base64Of(chain),
    });
  });

  it.each<[string, JsonValue]>([
    ['a key that signed nothing before the one that did', dsseSpec(envelope, [otherPem, pem])],
    ['another key', dsseSpec(envelope, [otherPem])],
    ['another payload', dsseSpec({ ...envelope, payload: base64Of('{}') }, [pem])],
    ['another type', dsseSpec({ ...envelope, payloadType: 'text/plain' }, [pem])],
    [
      'a second signature nobody made',
      dsseSpec({ ...envelope, signatures: [...envelope.signatures, { sig: base64Of('x') }] }, [pem]),
    ],
  ])('is refused with %s', (_, spec) => {
    expect(verdict(spec)).toBe('SIGNATURE');
  });

  it('is refused when only one of two signatures has its key', async () => {
    expect(verdict(dsseSpec(await signEnvelope([signer, other]), [pem]))).toBe('SIGNATURE');
  });

  it.each<[string, string, JsonValue]>([
    ['SPEC', 'nothing', {}],
    ['SPEC', 'no object', 'x'],
    ['SPEC', 'proposed content that is no object', { proposedContent: [] }],
    ['SPEC', 'no envelope', proposed({ envelope: null })],
    ['SPEC', 'an envelope in fields', proposed({ envelope: { payload: '' } })],
    ['SPEC', 'an envelope that is no JSON', proposed({ envelope: '{' })],
    ['SPEC', 'an envelope of another shape', proposed({ envelope: '[]' })],
    ['SPEC', 'an envelope with half a character', proposed({ envelope: `${text}\ud800` })],
    ['SPEC', 'a type with half a character', proposed({ envelope: text.replace('application', '\\ud800') })],
    ['SPEC', 'an envelope nested too deep', proposed({ envelope: `{"x":${'['.repeat(50)}` })],
    ['SPEC', 'an envelope without signatures', dsseSpec({ ...envelope, signatures: [] }, [pem])],
    [
      'SPEC',
      'too many signatures',
      dsseSpec({ ...envelope, signatures: Array(9).fill({ sig: 'AAAA' }) as { sig: string }[] }, [pem]),
    ],
    ['SPEC', 'a signature that is not base64', dsseSpec({ ...envelope, signatures: [{ sig: '*' }] }, [pem])],
    ['SPEC', 'a payload that is not base64', dsseSpec({ ...envelope, payload: '*' }, [pem])],
    ['SPEC', 'no verifiers', proposed({ verifiers: [] })],
    ['SPEC', 'too many verifiers', proposed({ verifiers: Array(9).fill(base64Of(pem)) as string[] })],
    ['SPEC', 'a verifier that is no base64', proposed({ verifiers: ['*'] })],
    ['SPEC', 'an empty verifier', proposed({ verifiers: [null] })],
    ['VERIFIER', 'a verifier that is no PEM', proposed({ verifiers: [base64Of('x')] })],
    ['VERIFIER', 'a verifier that is no text', proposed({ verifiers: ['//79'] })],
    [
      'VERIFIER',
      'a private key as verifier',
      proposed({ verifiers: [base64Of('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')] }),
    ],
    [
      'SPEC',
      'its stored form as well',
      { ...sound, payloadHash: { algorithm: 'sha256', value: 'ab'.repeat(32) } },
    ],
  ])('is refused with %s for %s', (code, _, spec) => {
    expect(verdict(spec)).toBe(code);
  });

  it('is searched by key, names, payload, envelope and the digests of its statement', () => {
    expect(dsseType.parse(sound).indexKeys()).toEqual([
      `sha256:${sha256(pem)}`,
      `sha256:${sha256(STATEMENT)}`,
      `sha256:${sha256(text)}`,
      `sha256:${'aa'.repeat(32)}`,
      `sha512:${'bb'.repeat(64)}`,
      `sha1:${'cc'.repeat(20)}`,
    ]);
  });

  it('names no digests in a payload of another type', async () => {
    const plain = await signEnvelope([signer], { payloadType: 'application/json' });
    expect(dsseType.parse(dsseSpec(plain, [pem])).indexKeys()).toHaveLength(3);
  });

  it('has nothing the log could keep', () => {
    expect(dsseType.parse(sound).attestation).toBeUndefined();
  });

  it('never reaches for a key that is an address', () => {
    const spec = proposed({ verifiers: [base64Of('https://169.254.169.254/key.pem')] });
    expect(verdict(spec)).toBe('VERIFIER');
    expect(verdict(proposed({ verifiers: undefined as never, url: 'https://example.com' }))).toBe('SPEC');
  });
});

describe('a stored dsse entry', () => {
  const stored = bodyOf(sound)['spec'] as JsonObject;

  it('is found by what it was stored as', () => {
    const entry = dsseType.parse(stored);
    entry.verify();
    expect(entry.canonicalBody()).toEqual(dsseType.parse(sound).canonicalBody());
  });

  it('cannot be logged again', () => {
    expect(verdict(stored)).toBe('NOT_INSERTABLE');
  });

  it.each(['envelopeHash', 'payloadHash', 'signatures'])('is refused without %s', (name) => {
    expect(verdict({ ...stored, [name]: null })).toBe('SPEC');
  });

  it('is refused with another hash', () => {
    expect(verdict({ ...stored, payloadHash: { algorithm: 'sha512', value: 'ab'.repeat(64) } })).toBe('SPEC');
    expect(verdict({ ...stored, payloadHash: { algorithm: 'sha256', value: 'ab' } })).toBe('SPEC');
  });
});
