import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { derNull, derSequence, encodeHex } from '@sigstead/encoding';
import { PrivateKeySigner, type KeyType, type Signer } from '@sigstead/crypto';
import type { Certificate } from './certificate.ts';
import type { Extension } from './extension.ts';
import { oids } from './oids.ts';
import {
  isPrecertificate,
  POISON_EXTENSION,
  precertificateTbs,
  verifyDetachedSct,
  verifyEmbeddedSct,
  verifyPrecertificateSct,
} from './precertificate.ts';
import {
  certificateSctSignatureInput,
  embeddedScts,
  sctListExtension,
  type SignedCertificateTimestamp,
} from './sct.ts';
import { authority, craftedLeaf, issue, ISSUED, logged, type Authority } from './testonly/authority.ts';
import { asyncRefusal, refusal } from './testonly/refusal.ts';

describe('precertificates and SCTs', () => {
  let ca: Authority;
  let other: Authority;
  let log: Signer;
  let precertificate: Certificate;
  let certificate: Certificate;
  let sct: SignedCertificateTimestamp;

  beforeAll(async () => {
    ca = await authority('issuing', { pathLength: 0 });
    other = await authority('issuing', { pathLength: 0 });
    log = PrivateKeySigner.generate('P-256');
    ({ precertificate, certificate, sct } = await issue(ca, log));
  });

  it('writes the poison as RFC 6962 section 3.1 has it', () => {
    const poison = precertificate.extension(oids.precertificatePoison);
    expect(poison).toMatchObject({ critical: true });
    expect(encodeHex(poison?.value ?? new Uint8Array())).toBe('0500');
    expect(isPrecertificate(precertificate)).toBe(true);
    expect(isPrecertificate(certificate)).toBe(false);
  });

  it('gives the same TBSCertificate for both certificates of one issuance', () => {
    expect(precertificateTbs(precertificate, 'precertificate')).toEqual(
      precertificateTbs(certificate, 'certificate'),
    );
    expect(precertificateTbs(precertificate)).toEqual(precertificateTbs(certificate));
  });

  it('verifies the SCT in the certificate and over the precertificate', () => {
    expect(embeddedScts(certificate)).toEqual([sct]);
    expect(() => verifyEmbeddedSct(certificate, ca.certificate, sct, log.publicKey)).not.toThrow();
    expect(() => verifyPrecertificateSct(precertificate, ca.certificate, sct, log.publicKey)).not.toThrow();
  });

  it.each<KeyType>(['RSA', 'P-384', 'P-256'])('verifies SCTs of a log with a %s key', async (type) => {
    const otherLog = PrivateKeySigner.generate(type);
    const signer: Signer = type === 'P-384' ? PrivateKeySigner.generate('P-256') : otherLog;
    const theirs = await logged(
      precertificate,
      ca.certificate,
      signer,
      Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 1),
    );
    expect(() =>
      verifyPrecertificateSct(precertificate, ca.certificate, theirs, signer.publicKey),
    ).not.toThrow();
  });

  it('verifies a detached SCT over the whole certificate', async () => {
    const timestampMs = BigInt(ISSUED.getTime());
    const input = certificateSctSignatureInput({
      timestampMs,
      certificate: certificate.raw,
      extensions: new Uint8Array(),
    });
    const detached = { ...sct, timestampMs, signature: await log.sign(input) };
    expect(() => verifyDetachedSct(certificate, detached, log.publicKey)).not.toThrow();
    expect(refusal(() => verifyDetachedSct(precertificate, detached, log.publicKey))).toBe('SCT_SIGNATURE');
  });

  it.each<[string, string, () => void]>([
    [
      'SCT_LOG_ID',
      'the key of another log',
      () => verifyEmbeddedSct(certificate, ca.certificate, sct, PrivateKeySigner.generate('P-256').publicKey),
    ],
    [
      'SCT_SIGNATURE',
      'another issuing CA of the same name',
      () => verifyEmbeddedSct(certificate, other.certificate, sct, log.publicKey),
    ],
    [
      'SCT_SIGNATURE',
      'another time',
      () =>
        verifyEmbeddedSct(
          certificate,
          ca.certificate,
          { ...sct, timestampMs: sct.timestampMs + 1n },
          log.publicKey,
        ),
    ],
    [
      'SCT_SIGNATURE',
      'other extensions',
      () =>
        verifyEmbeddedSct(
          certificate,
          ca.certificate,
          { ...sct, extensions: Uint8Array.of(0) },
          log.publicKey,
        ),
    ],
    [
      'SCT_SIGNATURE',
      'no signature',
      () =>
        verifyEmbeddedSct(
          certificate,
          ca.certificate,
          { ...sct, signature: new Uint8Array() },
          log.publicKey,
        ),
    ],
    [
      'SCT_ALGORITHM',
      'another hash',
      () => verifyEmbeddedSct(certificate, ca.certificate, { ...sct, hashAlgorithm: 5 }, log.publicKey),
    ],
    [
      'SCT_ALGORITHM',
      'another signature algorithm',
      () => verifyEmbeddedSct(certificate, ca.certificate, { ...sct, signatureAlgorithm: 1 }, log.publicKey),
    ],
    [
      'PRECERTIFICATE',
      'a precertificate',
      () => verifyEmbeddedSct(precertificate, ca.certificate, sct, log.publicKey),
    ],
    [
      'PRECERTIFICATE',
      'a final certificate as precertificate',
      () => verifyPrecertificateSct(certificate, ca.certificate, sct, log.publicKey),
    ],
  ])('refuses an SCT with %s: %s', (code, _, run) => {
    expect(refusal(run)).toBe(code);
  });

  it('refuses SCTs of Ed25519 keys', () => {
    const { publicKey } = PrivateKeySigner.generate('Ed25519');
    const theirs = { ...sct, logId: publicKey.keyId, signatureAlgorithm: 3 };
    expect(refusal(() => verifyEmbeddedSct(certificate, ca.certificate, theirs, publicKey))).toBe(
      'SCT_ALGORITHM',
    );
  });

  it('refuses an SCT that was signed for another certificate of the same profile', async () => {
    const twin = await issue(ca, log, { serialNumber: Uint8Array.of(9) });
    expect(refusal(() => verifyEmbeddedSct(twin.certificate, ca.certificate, sct, log.publicKey))).toBe(
      'SCT_SIGNATURE',
    );
  });

  it('refuses any flipped bit of the SCT', () => {
    const fields = fc.constantFrom('logId', 'signature');
    fc.assert(
      fc.property(fields, fc.nat(), fc.nat(7), (field, at, bit) => {
        const bytes = Uint8Array.from(sct[field as 'logId' | 'signature']);
        const position = at % bytes.length;
        bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
        return (
          refusal(() =>
            verifyEmbeddedSct(certificate, ca.certificate, { ...sct, [field]: bytes }, log.publicKey),
          ) !== 'accepted'
        );
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, 'precertificate' | 'certificate' | undefined, (list: Extension) => Extension[]]>([
    ['neither poison nor SCT list', undefined, () => [{ oid: '1.2.3', critical: false, value: derNull() }]],
    ['both', undefined, (list) => [POISON_EXTENSION, list]],
    ['a poison where a certificate is wanted', 'certificate', () => [POISON_EXTENSION]],
    ['an SCT list where a precertificate is wanted', 'precertificate', (list) => [list]],
    ['a poison that is not critical', undefined, () => [{ ...POISON_EXTENSION, critical: false }]],
    ['a poison of another value', undefined, () => [{ ...POISON_EXTENSION, value: derSequence() }]],
  ])('refuses a certificate with %s', async (_, kind, extensions) => {
    const crafted = await craftedLeaf(ca, { extensions: extensions(sctListExtension([sct])) });
    expect(refusal(() => precertificateTbs(crafted, kind))).toBe('PRECERTIFICATE');
  });

  it('refuses a doubled poison when it is parsed', async () => {
    expect(
      await asyncRefusal(() => craftedLeaf(ca, { extensions: [POISON_EXTENSION, POISON_EXTENSION] })),
    ).toBe('DUPLICATE_EXTENSION');
  });

  it('keeps a TBSCertificate whose only extension goes', async () => {
    const crafted = await craftedLeaf(ca, { extensions: [POISON_EXTENSION] });
    const without = precertificateTbs(crafted);
    expect(without.length).toBeLessThan(crafted.tbs.length);
    expect(encodeHex(crafted.tbs)).toContain(encodeHex(without).slice(6));
  });
});
