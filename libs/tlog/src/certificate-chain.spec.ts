import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { X509Error } from '@sigstead/x509';
import { verifyCertificateChain } from './certificate-chain.ts';
import { type CertificateParts, makeCertificate } from './testonly/certificates.ts';
import { refusal } from './testonly/errors.ts';

const key = PrivateKeySigner.generate('P-256');
const middleKey = PrivateKeySigner.generate('P-256');
const rootKey = PrivateKeySigner.generate('P-384');

const leafParts: CertificateParts = { subject: '', issuer: 'Middle', key, issuerKey: middleKey };
const middleParts: CertificateParts = {
  subject: 'Middle',
  issuer: 'Root',
  key: middleKey,
  issuerKey: rootKey,
  isCa: true,
};
const leaf = await makeCertificate(leafParts);
const middle = await makeCertificate(middleParts);
const root = await makeCertificate({
  subject: 'Root',
  issuer: 'Root',
  key: rootKey,
  issuerKey: rootKey,
  isCa: true,
});

describe('verifyCertificateChain', () => {
  it('accepts leaf, intermediate and root', () => {
    expect(refusal(() => verifyCertificateChain([leaf, middle, root]))).toBe('accepted');
  });

  it('accepts a chain that ends at an intermediate', () => {
    expect(refusal(() => verifyCertificateChain([leaf, middle]))).toBe('accepted');
  });

  it('accepts one certificate without looking at it', () => {
    expect(refusal(() => verifyCertificateChain([leaf]))).toBe('accepted');
  });

  it('refuses a chain with a gap', () => {
    expect(refusal(() => verifyCertificateChain([leaf, root]))).toBe('VERIFIER');
  });

  it('refuses a chain in the wrong order', () => {
    expect(refusal(() => verifyCertificateChain([middle, leaf]))).toBe('VERIFIER');
  });

  it('refuses an issuer that is not a CA', async () => {
    const notCa = await makeCertificate({ ...middleParts, isCa: false });
    expect(refusal(() => verifyCertificateChain([leaf, notCa, root]))).toBe('VERIFIER');
  });

  it('refuses an issuer that was not valid when the leaf began', async () => {
    const late = await makeCertificate({ ...middleParts, notBefore: new Date('2025-01-01') });
    const expired = await makeCertificate({ ...middleParts, notAfter: new Date('2023-12-31') });
    expect(refusal(() => verifyCertificateChain([leaf, late, root]))).toBe('VERIFIER');
    expect(refusal(() => verifyCertificateChain([leaf, expired, root]))).toBe('VERIFIER');
  });

  it('refuses a signature by another key of the same name', async () => {
    const forged = await makeCertificate({ ...leafParts, issuerKey: key });
    expect(() => verifyCertificateChain([forged, middle, root])).toThrow(X509Error);
  });
});
