import { PrivateKeySigner } from '@sigstead/crypto';
import { derBitString, derExplicit, derOid, derSequence, encodePem } from '@sigstead/encoding';
import { Certificate, oids, type Extension } from '@sigstead/x509';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ISSUED, MiniSigstore } from '../testonly/mini-sigstore.ts';
import { refusal } from '../testonly/refusal.ts';
import { assertCertificateValidAt, assertCodeSigning, readSigningCertificate } from './certificate.ts';

describe('the signing certificate', () => {
  let sigstore: MiniSigstore;
  const { publicKey } = PrivateKeySigner.generate('P-256');
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
  });

  const withUsages = async (...usages: string[]): Promise<Certificate> =>
    Certificate.parse(
      await sigstore.issue(publicKey, {
        editExtensions: (all) =>
          all.flatMap((extension): Extension[] => {
            if (extension.oid !== oids.extendedKeyUsage) return [extension];
            return usages.length === 0 ? [] : [{ ...extension, value: derSequence(...usages.map(derOid)) }];
          }),
      }),
    );

  it('is read with its key', async () => {
    const certificate = readSigningCertificate(await sigstore.issue(publicKey));
    expect(certificate.publicKey.spki).toEqual(publicKey.spki);
  });

  it('is refused when it is no certificate', () => {
    expect(refusal(() => readSigningCertificate(new Uint8Array()))).toBe('CERTIFICATE_MALFORMED');
    expect(refusal(() => readSigningCertificate(derSequence(derExplicit(0))))).toBe('CERTIFICATE_MALFORMED');
  });

  it('is refused when its key does not pass the gate', async () => {
    const der = await sigstore.issue(publicKey);
    const point = publicKey.spki.subarray(-64);
    const at = Buffer.from(der).indexOf(point);
    der.fill(0xff, at, at + 64);
    expect(refusal(() => readSigningCertificate(der))).toBe('CERTIFICATE_MALFORMED');
  });

  it('must be for code signing, whatever else it is for', async () => {
    expect(refusal(() => assertCodeSigning(sigstore.root))).toBe('CERTIFICATE_USAGE');
    const timestamping = await withUsages(oids.timeStamping);
    expect(refusal(() => assertCodeSigning(timestamping))).toBe('EXTENDED_KEY_USAGE');
    const any = await withUsages(oids.anyExtendedKeyUsage);
    expect(refusal(() => assertCodeSigning(any))).toBe('EXTENDED_KEY_USAGE');
    const none = await withUsages();
    expect(refusal(() => assertCodeSigning(none))).toBe('EXTENDED_KEY_USAGE');
    const both = await withUsages(oids.timeStamping, oids.codeSigning);
    expect(refusal(() => assertCodeSigning(both))).toBe('accepted');
  });

  it('must not be for something else than signatures', async () => {
    const withKeyUsage = async (bits: number): Promise<Certificate> =>
      Certificate.parse(
        await sigstore.issue(publicKey, {
          editExtensions: (all) =>
            all.map((one) =>
              one.oid === oids.keyUsage ? { ...one, value: derBitString(Uint8Array.of(bits), 5) } : one,
            ),
        }),
      );
    const [digitalSignature, keyEncipherment] = [0x80, 0x20];
    expect(refusal(() => assertCodeSigning(sigstore.intermediate))).toBe('CERTIFICATE_USAGE');
    const encryption = await withKeyUsage(keyEncipherment);
    expect(refusal(() => assertCodeSigning(encryption))).toBe('CERTIFICATE_USAGE');
    const both = await withKeyUsage(digitalSignature | keyEncipherment);
    expect(refusal(() => assertCodeSigning(both))).toBe('accepted');
  });

  it('is valid from its first to its last second, both included', async () => {
    const certificate = readSigningCertificate(await sigstore.issue(publicKey));
    const at = (ms: number): string =>
      refusal(() => assertCertificateValidAt(certificate, new Date(ISSUED.getTime() + ms)));
    expect([at(-1), at(0), at(600_000), at(600_001)]).toEqual([
      'CERTIFICATE_NOT_VALID',
      'accepted',
      'accepted',
      'CERTIFICATE_NOT_VALID',
    ]);
  });

  it('is compared as DER, so PEM is none', async () => {
    const pem = encodePem('CERTIFICATE', await sigstore.issue(publicKey));
    expect(refusal(() => readSigningCertificate(new TextEncoder().encode(pem)))).toBe(
      'CERTIFICATE_MALFORMED',
    );
  });
});
