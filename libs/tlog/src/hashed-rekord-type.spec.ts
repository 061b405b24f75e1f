import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { digest, type KeyType, PrivateKeySigner, PublicKey } from '@sigstead/crypto';
import { decodeHex, DerReader, encodeHex, encodePem } from '@sigstead/encoding';
import { EntryPolicyError } from './errors.ts';
import { parseHashedRekord } from './hashed-rekord.ts';
import { hashedRekordIndexKeys, hashedRekordType, verifyHashedRekord } from './hashed-rekord-type.ts';
import { makeCertificate } from './testonly/certificates.ts';
import { ARTIFACT, signedParts, specOf, type SpecParts } from './testonly/entries.ts';
import { refusal } from './testonly/errors.ts';

const signer = PrivateKeySigner.generate('P-256');
const parts = await signedParts(signer);
const verdict = (value: SpecParts) => refusal(() => verifyHashedRekord(parseHashedRekord(specOf(value))));

/** RFC 8032 section 7.3: Ed25519ph of "abc". */
const PREHASHED = {
  key: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
  signature:
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41' +
    '31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
};

describe('verifyHashedRekord', () => {
  it.each<KeyType>(['P-256', 'P-384', 'P-521', 'RSA'])('accepts %s with its hash', async (type) => {
    expect(verdict(await signedParts(PrivateKeySigner.generate(type)))).toBe('accepted');
  });

  it('accepts Ed25519ph with SHA-512', () => {
    const spki = decodeHex(`302a300506032b6570032100${PREHASHED.key}`);
    const value = createHash('sha512').update('abc').digest('hex');
    const pem = PublicKey.fromSpki(spki).toPem();
    const signature = decodeHex(PREHASHED.signature);
    expect(verdict({ algorithm: 'sha512', value, signature, pem })).toBe('accepted');
  });

  it('refuses pure Ed25519', async () => {
    expect(verdict(await signedParts(PrivateKeySigner.generate('Ed25519')))).toBe('SIGNATURE');
  });

  it.each<KeyType>(['P-256', 'P-384', 'P-521'])('accepts a raw %s signature', async (type) => {
    const own = await signedParts(PrivateKeySigner.generate(type));
    const size = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }[type as 'P-256'];
    expect(verdict({ ...own, signature: rawOf(own.signature, size) })).toBe('accepted');
  });

  it('accepts an upper-case digest', () => {
    expect(verdict({ ...parts, value: parts.value.toUpperCase() })).toBe('accepted');
  });

  it('accepts a certificate', async () => {
    const certificate = await makeCertificate({ subject: 'x', issuer: 'x', key: signer, issuerKey: signer });
    expect(verdict({ ...parts, pem: certificate.toPem() })).toBe('accepted');
  });

  it.each<[string, Partial<SpecParts>]>([
    ['another digest', { value: encodeHex(digest('sha256', new Uint8Array([1]))) }],
    ['another key', { pem: PrivateKeySigner.generate('P-256').publicKey.toPem() }],
    ['a key of another type', { pem: PrivateKeySigner.generate('RSA').publicKey.toPem() }],
    ['a signature of zeros', { signature: new Uint8Array(64) }],
    ['a raw signature out of range', { signature: new Uint8Array(64).fill(0xff) }],
    ['a raw signature cut short', { signature: rawOf(parts.signature, 32).subarray(1) }],
    ['one byte', { signature: new Uint8Array([1]) }],
  ])('refuses %s', (_, change) => {
    expect(verdict({ ...parts, ...change })).toBe('SIGNATURE');
  });

  it('refuses every flipped bit of the signature', () => {
    for (let bit = 0; bit < parts.signature.length * 8; bit += 5) {
      const signature = Uint8Array.from(parts.signature);
      signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verdict({ ...parts, signature })).toBe('SIGNATURE');
    }
  });

  it('refuses a sound pair outside the policy', async () => {
    const p521 = PrivateKeySigner.generate('P-521');
    const entry = parseHashedRekord(specOf(await signedParts(p521)));
    const strict = { algorithms: ['ecdsa-sha2-256-nistp256'] } as const;
    expect(() => verifyHashedRekord(entry, strict)).toThrow(EntryPolicyError);
    expect(() => verifyHashedRekord(entry, strict)).toThrow('entry algorithms are not allowed');
    expect(() => hashedRekordType.parse(specOf(parts)).verify(strict)).not.toThrow();
  });

  it('tells a bad signature before it asks the policy', async () => {
    const p384 = PrivateKeySigner.generate('P-384');
    const value = encodeHex(digest('sha256', ARTIFACT));
    const mixed = { ...(await signedParts(p384)), algorithm: 'sha256', value };
    expect(verdict(mixed)).toBe('SIGNATURE');
  });
});

describe('hashedRekordIndexKeys', () => {
  it('are the bare key hash and the digest for a key', () => {
    const keyHash = createHash('sha256').update(signer.publicKey.toPem()).digest('hex');
    expect(hashedRekordIndexKeys(parseHashedRekord(specOf(parts)))).toEqual([
      keyHash,
      `sha256:${parts.value}`,
    ]);
  });

  it('add names and token issuer of the leaf, in lower case, once, without what nobody can ask for', async () => {
    const certificate = await makeCertificate({
      subject: '',
      issuer: 'CA',
      key: signer,
      issuerKey: signer,
      tokenIssuer: 'https://Issuer.example.com',
      names: [
        { type: 'email', value: 'Someone@Example.com' },
        { type: 'uri', value: 'https://example.com/Workflow' },
        { type: 'uri', value: 'https://example.com/workflow' },
        { type: 'dns', value: 'example.com' },
        { type: 'directoryName', value: 'Somebody' },
        { type: 'uri', value: `https://example.com/${'x'.repeat(500)}` },
      ],
    });
    const value = parts.value.toUpperCase();
    const entry = parseHashedRekord(specOf({ ...parts, value, pem: certificate.toPem() }));
    const pemHash = createHash('sha256').update(encodePem('CERTIFICATE', certificate.raw)).digest('hex');
    expect(hashedRekordIndexKeys(entry)).toEqual([
      pemHash,
      'someone@example.com',
      'https://example.com/workflow',
      'example.com',
      'issuer:https://issuer.example.com',
      `sha256:${parts.value}`,
    ]);
  });
});

/** r ‖ s of a DER signature. */
function rawOf(signature: Uint8Array, size: number): Uint8Array {
  const sequence = new DerReader(signature).sequence();
  const raw = [sequence.integer(), sequence.integer()]
    .map((n) => n.toString(16).padStart(2 * size, '0'))
    .join('');
  return decodeHex(raw);
}
