import type { TransparencyLogEntry } from '@sigstead/bundle';
import { PrivateKeySigner, sha256, type PublicKey } from '@sigstead/crypto';
import {
  canonicalizeJson,
  encodeBase64,
  encodeHex,
  encodePem,
  encodeUtf8,
  type JsonValue,
} from '@sigstead/encoding';
import { Certificate } from '@sigstead/x509';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MiniSigstore } from '../testonly/mini-sigstore.ts';
import { refusal } from '../testonly/refusal.ts';
import { assertBodyBinds, readEntryBody, type EntrySubject } from './body.ts';

const payload = encodeUtf8('{"a":1}');
const payloadType = 'application/vnd.in-toto+json';
const signature = Uint8Array.of(1, 2, 3);
const base64 = (text: string): string => encodeBase64(encodeUtf8(text));
const sha256Of = (bytes: Uint8Array): JsonValue => ({ algorithm: 'sha256', value: encodeHex(sha256(bytes)) });

describe('the body of an entry about an envelope', () => {
  const { publicKey } = PrivateKeySigner.generate('P-256');
  let certificate: Certificate;
  let subject: EntrySubject;
  beforeAll(async () => {
    certificate = Certificate.parse(await (await MiniSigstore.create()).issue(publicKey));
    subject = {
      content: { kind: 'dsse', payloadType, payload, keyId: '' },
      signed: { hash: 'sha256', digest: () => undefined },
      signature,
      publicKey,
      certificate,
    };
  });
  const pem = (): string => encodePem('CERTIFICATE', certificate.raw);
  const judge = (kind: string, kindVersion: string, spec: JsonValue, whose = subject): string => {
    const canonicalizedBody = encodeUtf8(canonicalizeJson({ kind, apiVersion: kindVersion, spec }));
    const entry = { kind, kindVersion, canonicalizedBody } as TransparencyLogEntry;
    return refusal(() => assertBodyBinds(readEntryBody(entry), whose));
  };

  const dsse = (...signatures: JsonValue[]): JsonValue => ({ payloadHash: sha256Of(payload), signatures });
  const by = (verifier: string, sig = signature): JsonValue => ({
    signature: encodeBase64(sig),
    verifier: base64(verifier),
  });
  it('of dsse 0.0.1 has one signature, ours', () => {
    expect(judge('dsse', '0.0.1', dsse(by(pem())))).toBe('accepted');
    expect(judge('dsse', '0.0.1', dsse(by(pem()), by(pem())))).toBe('BODY_SIGNATURE');
    expect(judge('dsse', '0.0.1', dsse(by(pem()), by(publicKey.toPem())))).toBe('BODY_SIGNATURE');
    expect(judge('dsse', '0.0.1', dsse(by(pem(), Uint8Array.of(1))))).toBe('BODY_SIGNATURE');
    expect(judge('dsse', '0.0.1', dsse(by(publicKey.toPem())))).toBe('BODY_KEY');
  });

  const intoto = (type: string, more: Record<string, JsonValue> = {}): JsonValue => ({
    content: {
      envelope: {
        payloadType: type,
        signatures: [{ sig: base64(encodeBase64(signature)), publicKey: base64(pem()) }],
        ...more,
      },
      payloadHash: sha256Of(payload),
    },
  });
  it('of intoto 0.0.2 has the type of the payload, and the payload itself where it is kept', () => {
    expect(judge('intoto', '0.0.2', intoto(payloadType))).toBe('accepted');
    expect(judge('intoto', '0.0.2', intoto('text/plain'))).toBe('BODY_HASH');
    const kept = (text: string): JsonValue => intoto(payloadType, { payload: base64(base64(text)) });
    expect(judge('intoto', '0.0.2', kept('{"a":1}'))).toBe('accepted');
    expect(judge('intoto', '0.0.2', kept('{"a":2}'))).toBe('BODY_MALFORMED');
  });

  const dsseV2 = (key: PublicKey, keyDetails: string, payloadHash = sha256(payload)): JsonValue => ({
    dsseV002: {
      payloadHash: { algorithm: 'SHA2_256', digest: encodeBase64(payloadHash) },
      signatures: [
        {
          content: encodeBase64(signature),
          verifier: { keyDetails, publicKey: { rawBytes: encodeBase64(key.spki) } },
        },
      ],
    },
  });
  it('of dsse 0.0.2 has the bare key, of the type it says', () => {
    const { certificate: _, ...withoutCertificate } = subject;
    const bare: EntrySubject = { ...withoutCertificate, certificate: undefined };
    const details = 'PKIX_ECDSA_P256_SHA_256';
    expect(judge('dsse', '0.0.2', dsseV2(publicKey, details), bare)).toBe('accepted');
    expect(judge('dsse', '0.0.2', dsseV2(publicKey, details, sha256(signature)), bare)).toBe('BODY_HASH');
    expect(judge('dsse', '0.0.2', dsseV2(publicKey, 'PKIX_ED25519'), bare)).toBe('BODY_KEY');
    expect(judge('dsse', '0.0.2', dsseV2(publicKey, 'PKIX_NONE'), bare)).toBe('BODY_MALFORMED');
    expect(judge('dsse', '0.0.2', dsseV2(publicKey, details))).toBe('BODY_KEY');
    const other = PrivateKeySigner.generate('P-256').publicKey;
    expect(judge('dsse', '0.0.2', dsseV2(other, details), bare)).toBe('BODY_KEY');
    expect(judge('dsse', '0.0.1', dsse(by(pem())), bare)).toBe('BODY_KEY');
  });

  it('of intoto 0.0.1 has the whole envelope, as the writers of bundles write it', () => {
    const texts = (sig: object): string[] => {
      const signatures = [sig];
      return [
        JSON.stringify({ payloadType, payload: encodeBase64(payload), signatures }),
        JSON.stringify({ payload: encodeBase64(payload), payloadType, signatures }),
      ];
    };
    const entryOf = (text: string): JsonValue => ({
      content: { hash: sha256Of(encodeUtf8(text)), payloadHash: sha256Of(payload) },
      publicKey: base64(pem()),
    });
    const named: EntrySubject = { ...subject, content: { kind: 'dsse', payloadType, payload, keyId: 'k' } };
    const sig = encodeBase64(signature);
    for (const text of [...texts({ sig }), ...texts({ sig, keyid: '' }), ...texts({ keyid: '', sig })]) {
      expect(judge('intoto', '0.0.1', entryOf(text))).toBe('accepted');
      expect(judge('intoto', '0.0.1', entryOf(text), named)).toBe('BODY_SIGNATURE');
    }
    for (const text of [...texts({ sig, keyid: 'k' }), ...texts({ keyid: 'k', sig })]) {
      expect(judge('intoto', '0.0.1', entryOf(text), named)).toBe('accepted');
      expect(judge('intoto', '0.0.1', entryOf(text))).toBe('BODY_SIGNATURE');
    }
    const [another] = texts({ sig: 'AAAA' }) as [string];
    expect(judge('intoto', '0.0.1', entryOf(another))).toBe('BODY_SIGNATURE');
  });

  it('is no word about anything else', () => {
    const digest: EntrySubject = {
      ...subject,
      content: { kind: 'message-digest', claimed: { algorithm: 'sha256', digest: sha256(payload) } },
    };
    expect(judge('dsse', '0.0.1', dsse(by(pem())), digest)).toBe('UNSUPPORTED');
    const text: JsonValue = {
      content: { hash: sha256Of(payload), payloadHash: sha256Of(payload) },
      publicKey: base64(pem()),
    };
    expect(judge('intoto', '0.0.1', text, digest)).toBe('UNSUPPORTED');
  });
});
