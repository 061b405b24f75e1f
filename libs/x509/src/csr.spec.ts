import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodePem, derBitString, derInteger, derNull, derSequence, der } from '@sigstead/encoding';
import { PrivateKeySigner, signatureAlgorithmIdentifier } from '@sigstead/crypto';
import { verifyCertificateSigningRequest } from './csr.ts';
import { describeName } from './name.ts';
import { openssl } from './testonly/openssl.ts';
import { asyncRefusal, isOrderly, refusal } from './testonly/refusal.ts';

const KEY_TYPES = {
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  RSA: ['-newkey', 'rsa:2048'],
  Ed25519: ['-newkey', 'ed25519'],
} as const;

function request(type: keyof typeof KEY_TYPES): Uint8Array {
  const pem = openssl(
    [
      'req',
      '-new',
      '-nodes',
      '-keyout',
      'key.pem',
      '-subj',
      '/CN=dev',
      '-addext',
      'subjectAltName=email:dev@example.com',
      ...KEY_TYPES[type],
    ],
    {},
  );
  return decodePem(pem)[0]?.bytes ?? new Uint8Array();
}

/** A request with parts of choice, signed by its own key. */
async function craft(parts: {
  version?: bigint;
  spki?: Uint8Array;
  attributes?: Uint8Array;
  subject?: Uint8Array;
}): Promise<Uint8Array> {
  const signer = PrivateKeySigner.generate('P-256');
  const info = derSequence(
    derInteger(parts.version ?? 0n),
    parts.subject ?? derSequence(),
    parts.spki ?? signer.publicKey.spki,
    parts.attributes ?? der(0xa0),
  );
  return derSequence(
    info,
    signatureAlgorithmIdentifier('P-256', 'sha256'),
    derBitString(await signer.sign(info)),
  );
}

describe('certificate signing requests', () => {
  it.each(Object.keys(KEY_TYPES) as (keyof typeof KEY_TYPES)[])(
    'of openssl with a %s key are taken',
    (type) => {
      const { publicKey, subject } = verifyCertificateSigningRequest(request(type));
      expect(publicKey.type).toBe(type);
      expect(describeName(subject)).toBe('CN=dev');
    },
  );

  it('without subject and attributes are taken', async () => {
    expect(verifyCertificateSigningRequest(await craft({})).publicKey.type).toBe('P-256');
  });

  it.each<[string, string, Parameters<typeof craft>[0]]>([
    ['MALFORMED', 'another version', { version: 1n }],
    ['MALFORMED', 'no attributes field', { attributes: new Uint8Array() }],
    ['MALFORMED', 'something after the attributes', { attributes: Uint8Array.of(0xa0, 0, 5, 0) }],
    ['MALFORMED', 'a subject that is no name', { subject: derSequence(derNull()) }],
    ['SIGNATURE', 'the key of somebody else', { spki: PrivateKeySigner.generate('P-256').publicKey.spki }],
    [
      'SIGNATURE_ALGORITHM',
      'a key of another family',
      { spki: PrivateKeySigner.generate('RSA').publicKey.spki },
    ],
    ['PUBLIC_KEY', 'a key that is none', { spki: derSequence() }],
  ])('are refused with %s: %s', async (code, _, parts) => {
    expect(await asyncRefusal(async () => verifyCertificateSigningRequest(await craft(parts)))).toBe(code);
  });

  it('are refused above 64 KiB', () => {
    expect(refusal(() => verifyCertificateSigningRequest(new Uint8Array(64 * 1024 + 1)))).toBe('LIMIT');
  });

  it('changed in any byte are refused in order', () => {
    const bytes = request('P-256');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = value;
        return isOrderly(() => verifyCertificateSigningRequest(changed));
      }),
      { numRuns: 1000 },
    );
  });
});
