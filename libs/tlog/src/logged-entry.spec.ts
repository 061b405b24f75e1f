import { encodeBase64, encodeHex, encodePem, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { describe, expect, it } from '@jest/globals';
import { TlogError } from './errors.ts';
import { isLoggedEntryKind, isRekorV2Kind, readLoggedEntry, type LoggedEntry } from './logged-entry.ts';

const key = PrivateKeySigner.generate('P-256').publicKey;
const pem = encodeBase64(encodeUtf8(key.toPem()));
const signature = Uint8Array.of(1, 2, 3);
const sig = encodeBase64(signature);
const digest = sha256(encodeUtf8('signed'));
const hash = { algorithm: 'sha256', value: encodeHex(digest) };
const again = (text: string): string => encodeBase64(encodeUtf8(text));

const read = (kind: string, apiVersion: string, spec: JsonValue): LoggedEntry =>
  readLoggedEntry({ kind, apiVersion, spec });
const refusal = (kind: string, apiVersion: string, spec: JsonValue): string => {
  try {
    read(kind, apiVersion, spec);
    return 'accepted';
  } catch (error) {
    if (error instanceof TlogError) return error.code;
    throw error;
  }
};
const verifier = { form: 'publicKey', der: key.spki };

const HASHED_REKORD = { data: { hash }, signature: { content: sig, publicKey: { content: pem } } };
const HASHED_REKORD_V002 = {
  hashedRekordV002: {
    data: { algorithm: 'SHA2_256', digest: encodeBase64(digest) },
    signature: {
      content: sig,
      verifier: { keyDetails: 'PKIX_ECDSA_P256_SHA_256', publicKey: { rawBytes: encodeBase64(key.spki) } },
    },
  },
};

describe('readLoggedEntry', () => {
  it('reads hashedrekord of both versions', () => {
    const want = { form: 'digest', digest: { algorithm: 'sha256', digest }, signature };
    expect(read('hashedrekord', '0.0.1', HASHED_REKORD)).toEqual({ ...want, verifier });
    expect(read('hashedrekord', '0.0.2', HASHED_REKORD_V002)).toEqual({
      ...want,
      verifier: { ...verifier, keyDetails: 'PKIX_ECDSA_P256_SHA_256' },
    });
  });

  it('reads the leaf of a chain of certificates as it stands, whatever it is', () => {
    const chain = again(encodePem('CERTIFICATE', signature) + encodePem('CERTIFICATE', digest));
    const spec = { ...HASHED_REKORD, signature: { content: sig, publicKey: { content: chain } } };
    expect(read('hashedrekord', '0.0.1', spec)).toMatchObject({
      verifier: { form: 'certificate', der: signature },
    });
  });

  it('reads envelopes: dsse of both versions, intoto of both', () => {
    const payloadDigest = { algorithm: 'sha256', digest };
    expect(
      read('dsse', '0.0.1', {
        envelopeHash: hash,
        payloadHash: hash,
        signatures: [{ signature: sig, verifier: pem }],
      }),
    ).toEqual({ form: 'envelope', payloadDigest, signatures: [{ signature, verifier }] });
    expect(
      read('dsse', '0.0.2', {
        dsseV002: {
          payloadHash: HASHED_REKORD_V002.hashedRekordV002.data,
          signatures: [HASHED_REKORD_V002.hashedRekordV002.signature],
        },
      }),
    ).toMatchObject({ form: 'envelope', payloadDigest, signatures: [{ signature }] });
    expect(read('intoto', '0.0.1', { content: { hash, payloadHash: hash }, publicKey: pem })).toEqual({
      form: 'envelope-text',
      envelopeDigest: payloadDigest,
      payloadDigest,
      verifier,
    });
    const envelope = { payloadType: 'text/plain', signatures: [{ sig: again(sig), publicKey: pem }] };
    expect(read('intoto', '0.0.2', { content: { envelope, hash, payloadHash: hash } })).toEqual({
      form: 'envelope',
      payloadDigest,
      payloadType: 'text/plain',
      signatures: [{ signature, verifier }],
    });
  });

  it('takes a kept payload of intoto 0.0.2 only when it is the one that was hashed', () => {
    const spec = (payload: string): JsonValue => ({
      content: {
        envelope: {
          payload: again(encodeBase64(encodeUtf8(payload))),
          payloadType: 'text/plain',
          signatures: [{ sig: again(sig), publicKey: pem }],
        },
        hash,
        payloadHash: hash,
      },
    });
    expect(refusal('intoto', '0.0.2', spec('signed'))).toBe('accepted');
    expect(refusal('intoto', '0.0.2', spec('another'))).toBe('SPEC');
  });

  it('guesses at no other kind or version', () => {
    for (const [kind, version] of [
      ['hashedrekord', '0.0.3'],
      ['rekord', '0.0.1'],
      ['__proto__', '0.0.1'],
      ['constructor', ''],
    ] as const) {
      expect(isLoggedEntryKind(kind, version)).toBe(false);
      expect(refusal(kind, version, HASHED_REKORD)).toBe('VERSION_UNSUPPORTED');
    }
    expect(isLoggedEntryKind('intoto', '0.0.2')).toBe(true);
    expect(isRekorV2Kind('intoto', '0.0.2')).toBe(false);
    expect(isRekorV2Kind('hashedrekord', '0.0.2')).toBe(true);
  });

  it.each<[string, string, JsonValue]>([
    ['hashedrekord', '0.0.1', {}],
    ['hashedrekord', '0.0.1', []],
    ['hashedrekord', '0.0.1', { ...HASHED_REKORD, data: { hash: { algorithm: 'md5', value: '00' } } }],
    ['hashedrekord', '0.0.2', {}],
    ['dsse', '0.0.1', { payloadHash: hash, signatures: [] }],
    ['dsse', '0.0.1', { payloadHash: hash, signatures: Array(9).fill({ signature: sig, verifier: pem }) }],
    ['intoto', '0.0.2', { content: { envelope: { payloadType: 'x', signatures: [] } } }],
  ])('refuses %s %s with a spec that is none', (kind, version, spec) => {
    expect(refusal(kind, version, spec)).toBe('SPEC');
  });

  it('refuses a signature of Rekor v2 with both key and certificate, with neither, or with a digest of another length', () => {
    const { data, signature: signed } = HASHED_REKORD_V002.hashedRekordV002;
    const rawBytes = encodeBase64(signature);
    const signedWith = (verifier: JsonValue): string =>
      refusal('hashedrekord', '0.0.2', {
        hashedRekordV002: { data, signature: { content: sig, verifier } },
      });
    expect(signedWith({ ...signed.verifier, x509Certificate: { rawBytes } })).toBe('SPEC');
    expect(signedWith({ keyDetails: 'PKIX_ED25519' })).toBe('SPEC');
    const short = { algorithm: 'SHA2_256', digest: encodeBase64(digest.slice(1)) };
    expect(refusal('hashedrekord', '0.0.2', { hashedRekordV002: { data: short, signature: signed } })).toBe(
      'SPEC',
    );
  });

  it.each(['', 'AAAA', again('no PEM'), again(encodePem('RSA PUBLIC KEY', signature))])(
    'refuses the key %.20j',
    (content) => {
      const spec = { ...HASHED_REKORD, signature: { content: sig, publicKey: { content } } };
      expect(refusal('hashedrekord', '0.0.1', spec)).toMatch(/^(VERIFIER|SPEC)$/);
    },
  );
});
