import { describe, expect, it } from '@jest/globals';
import { EphemeralSigner, PrivateKeySigner } from '@sigstead/crypto';
import { encodeBase64, encodePem } from '@sigstead/encoding';
import fc from 'fast-check';
import { makeCertificate } from './testonly/certificates.ts';
import { refusal } from './testonly/errors.ts';
import { parseX509Verifier } from './x509-verifier.ts';

const signer = PrivateKeySigner.generate('P-256');
const ca = PrivateKeySigner.generate('P-256');
const pem = signer.publicKey.toPem();
const leaf = await makeCertificate({ subject: '', issuer: 'CA', key: signer, issuerKey: ca });
const root = await makeCertificate({ subject: 'CA', issuer: 'CA', key: ca, issuerKey: ca, isCa: true });

describe('parseX509Verifier', () => {
  it('reads a public key', () => {
    const verifier = parseX509Verifier(pem);
    expect(verifier.publicKey.spki).toEqual(signer.publicKey.spki);
    expect(verifier.certificate).toBeUndefined();
    expect(verifier.chain).toEqual([]);
    expect(verifier.canonicalPem).toBe(pem);
  });

  it.each(['P-384', 'P-521', 'RSA', 'Ed25519'] as const)('reads a %s key', (type) => {
    const { publicKey } = PrivateKeySigner.generate(type);
    expect(parseX509Verifier(publicKey.toPem()).publicKey.type).toBe(type);
  });

  it('reads a certificate, expired or untrusted as it may be', () => {
    const verifier = parseX509Verifier(leaf.toPem());
    expect(verifier.certificate?.raw).toEqual(leaf.raw);
    expect(verifier.publicKey.spki).toEqual(signer.publicKey.spki);
    expect(verifier.canonicalPem).toBe(leaf.toPem());
  });

  it('reads a chain, its leaf first', () => {
    const verifier = parseX509Verifier(leaf.toPem() + root.toPem());
    expect(verifier.certificate?.raw).toEqual(leaf.raw);
    expect(verifier.chain).toHaveLength(2);
    expect(verifier.canonicalPem).toBe(leaf.toPem() + root.toPem());
  });

  it.each([
    ['surrounding white space', `\n \t${pem}\n\n`],
    ['carriage returns', pem.replaceAll('\n', '\r\n')],
    ['no final line feed', pem.trimEnd()],
    [
      'long lines',
      `-----BEGIN PUBLIC KEY-----\n${encodeBase64(signer.publicKey.spki)}\n-----END PUBLIC KEY-----`,
    ],
    ['a header', pem.replace('KEY-----\n', 'KEY-----\nComment: hello\n\n')],
  ])('stores one text for a key with %s', (_, text) => {
    expect(parseX509Verifier(text).canonicalPem).toBe(pem);
  });

  it('drops blank lines between certificates', () => {
    expect(parseX509Verifier(`${leaf.toPem()}\n\n${root.toPem()}`).canonicalPem).toBe(
      leaf.toPem() + root.toPem(),
    );
  });

  it.each([
    ['nothing', ''],
    ['text', 'not a key'],
    ['bare DER', String.fromCharCode(...signer.publicKey.spki)],
    ['a PKCS#1 key', encodePem('RSA PUBLIC KEY', PrivateKeySigner.generate('RSA').publicKey.spki)],
    ['a private key', signer.toEncryptedPem('secret')],
    ['a certificate request', encodePem('CERTIFICATE REQUEST', leaf.raw)],
    ['two public keys', pem + pem],
    ['a key behind a certificate', leaf.toPem() + pem],
    ['a certificate behind a key', pem + leaf.toPem()],
    ['text before the key', `x\n${pem}`],
    ['a key that is not DER', encodePem('PUBLIC KEY', new Uint8Array([1, 2, 3]))],
    ['a certificate that is not DER', encodePem('CERTIFICATE', new Uint8Array([1, 2, 3]))],
    ['a certificate with trailing data', encodePem('CERTIFICATE', new Uint8Array([...leaf.raw, 0]))],
    ['a point off the curve', encodePem('PUBLIC KEY', offCurve(signer.publicKey.spki))],
    ['a certificate with a point off the curve', encodePem('CERTIFICATE', offCurve(leaf.raw))],
    ['eleven certificates', leaf.toPem().repeat(11)],
    ['more than 128 KiB', ' '.repeat(128 * 1024) + pem],
    ['a chain whose last certificate is another CA', leaf.toPem() + leaf.toPem()],
  ])('refuses %s', (_, text) => {
    expect(refusal(() => parseX509Verifier(text))).toBe('VERIFIER');
  });

  it('takes an ephemeral key', () => {
    expect(parseX509Verifier(EphemeralSigner.generate().publicKey.toPem()).publicKey.type).toBe('P-256');
  });

  it('refuses damaged PEM with its own error only', () => {
    fc.assert(
      fc.property(
        fc.nat(leaf.toPem().length - 1),
        fc.string({ unit: 'binary', maxLength: 3 }),
        (at, insert) => {
          refusal(() => parseX509Verifier(leaf.toPem().slice(0, at) + insert + leaf.toPem().slice(at + 1)));
        },
      ),
    );
  });
});

/** Changes one bit of the last coordinate of the (only) P-256 point inside. */
function offCurve(der: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(der);
  const point = Buffer.from(der).indexOf(Buffer.from(signer.publicKey.spki.subarray(-65)));
  changed[point + 64] = (changed[point + 64] ?? 0) ^ 1;
  return changed;
}
