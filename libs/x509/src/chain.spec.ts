import { generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { derBitString, derNull, derSequence } from '@sigstead/encoding';
import { PrivateKeySigner, PublicKey, signatureAlgorithmIdentifier, type Signer } from '@sigstead/crypto';
import { Certificate } from './certificate.ts';
import { isValidAt, verifyChain, type ChainOptions } from './chain.ts';
import { X509Error } from './errors.ts';
import { encodeCaName } from './name.ts';
import { oids } from './oids.ts';
import { verifyCertificateSignature } from './signature.ts';
import {
  authority,
  authority as ca,
  caExtensions,
  craftedAuthority,
  craftedLeaf,
  EXPIRES,
  issue,
  ISSUED,
  NOT_AFTER,
  NOT_BEFORE,
  type Authority,
} from './testonly/authority.ts';
import { refusal } from './testonly/refusal.ts';

const SIGNING: ChainOptions = { extendedKeyUsage: oids.codeSigning };
const { keyUsage, constraints, usages, subjectKeyIdentifier } = caExtensions;

describe('verifyChain', () => {
  let root: Authority;
  let issuing: Authority;
  let leaf: Certificate;
  let precertificate: Certificate;

  beforeAll(async () => {
    root = await authority('root');
    issuing = await ca('issuing', { above: root, pathLength: 0, extendedKeyUsages: [oids.codeSigning] });
    ({ certificate: leaf, precertificate } = await issue(issuing, PrivateKeySigner.generate('P-256')));
  });

  const chain = (): Certificate[] => [issuing.certificate, root.certificate];
  const check = (
    certificate: Certificate,
    above: readonly Certificate[],
    at = ISSUED,
    options = SIGNING,
  ): string => refusal(() => verifyChain(certificate, above, at, options));

  it('returns the path from leaf to root', () => {
    expect(verifyChain(leaf, chain(), ISSUED, SIGNING)).toEqual([leaf, ...chain()]);
  });

  it('takes a leaf directly below the root', async () => {
    const direct = await craftedLeaf(root);
    expect(verifyChain(direct, [root.certificate], ISSUED, SIGNING)).toEqual([direct, root.certificate]);
  });

  it('passes over certificates before the issuer, such as the leaf', () => {
    expect(verifyChain(leaf, [leaf, ...chain()], ISSUED, SIGNING)).toEqual([leaf, ...chain()]);
  });

  it('answers alike when the links are known', () => {
    expect(check(leaf, chain())).toBe('accepted');
    expect(check(leaf, chain(), new Date(EXPIRES.getTime() + 1))).toBe('EXPIRED');
    expect(check(leaf, chain())).toBe('accepted');
  });

  it('includes both ends of the validity, to the millisecond', () => {
    expect(check(leaf, chain(), ISSUED)).toBe('accepted');
    expect(check(leaf, chain(), EXPIRES)).toBe('accepted');
    expect(check(leaf, chain(), new Date(ISSUED.getTime() - 1))).toBe('NOT_YET_VALID');
    expect(check(leaf, chain(), new Date(EXPIRES.getTime() + 1))).toBe('EXPIRED');
    expect(isValidAt(leaf, EXPIRES)).toBe(true);
    expect(isValidAt(leaf, new Date(EXPIRES.getTime() + 1))).toBe(false);
  });

  it('judges no dates of any certificate when asked about any time, and all else', async () => {
    const dates = (year: number) => ({
      notBefore: new Date(`${year}-01-01`),
      notAfter: new Date(`${year + 1}-01-01`),
    });
    const late = await ca('late', { above: root, ...dates(2031) });
    const early = await craftedLeaf(late, dates(2020));
    const above = [late.certificate, root.certificate];
    expect(check(early, above)).toBe('EXPIRED');
    expect(refusal(() => verifyChain(early, above, 'any-time', SIGNING))).toBe('accepted');
    expect(refusal(() => verifyChain(early, chain(), 'any-time', SIGNING))).toBe('ISSUER_NAME');
    const other = { extendedKeyUsage: oids.serverAuth };
    expect(refusal(() => verifyChain(early, above, 'any-time', other))).toBe('EXTENDED_KEY_USAGE');
  });

  it('takes a precertificate only when asked for one', () => {
    expect(check(precertificate, chain())).toBe('CRITICAL_EXTENSION');
    expect(check(precertificate, chain(), ISSUED, { ...SIGNING, target: 'precertificate' })).toBe('accepted');
  });

  it('takes a CA certificate only when asked for one', () => {
    const options: ChainOptions = { ...SIGNING, target: 'certificate-authority' };
    expect(check(issuing.certificate, [root.certificate])).toBe('IS_A_CA');
    expect(check(issuing.certificate, [root.certificate], ISSUED, options)).toBe('accepted');
    expect(check(leaf, chain(), ISSUED, options)).toBe('NOT_A_CA');
  });

  it('counts a CA in question as one more below', async () => {
    const narrow = await authority('narrow', { pathLength: 0 });
    const below = await ca('below', { above: narrow, extendedKeyUsages: [oids.codeSigning] });
    const options: ChainOptions = { ...SIGNING, target: 'certificate-authority' };
    expect(check(below.certificate, [narrow.certificate], ISSUED, options)).toBe('PATH_LENGTH');
  });

  it('names the certificate at fault', () => {
    try {
      verifyChain(leaf, chain(), new Date(NOT_BEFORE.getTime() - 1), SIGNING);
      throw new Error('accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(X509Error);
      expect((error as X509Error).certificate).toBe(leaf.describe());
      expect((error as X509Error).message).toContain(
        'valid from 2026-06-01T12:00:00.000Z, asked at 2025-12-31T23:59:59.999Z',
      );
    }
  });

  it('refuses with CHAIN: no, too many, no date', () => {
    expect(check(leaf, [])).toBe('CHAIN');
    expect(
      check(
        leaf,
        Array.from({ length: 8 }, () => root.certificate),
      ),
    ).toBe('CHAIN');
    expect(check(leaf, chain(), new Date(Number.NaN))).toBe('CHAIN');
  });

  it('refuses with ISSUER_NAME: a leaf of nobody here', async () => {
    expect(check(leaf, [root.certificate])).toBe('ISSUER_NAME');
  });

  it('refuses with ISSUER_NAME: a root that is not above the intermediate', async () => {
    expect(check(leaf, [issuing.certificate, (await authority('elsewhere')).certificate])).toBe(
      'ISSUER_NAME',
    );
  });

  it('refuses with ISSUER_KEY_ID: a CA of the same name with another key', async () => {
    const twin = await ca('issuing', { above: root, pathLength: 0, extendedKeyUsages: [oids.codeSigning] });
    expect(check(leaf, [twin.certificate, root.certificate])).toBe('ISSUER_KEY_ID');
  });

  it('refuses with SIGNATURE: a CA of the same name and key identifier with another key', async () => {
    const twin = await craftedAuthority(
      root,
      {
        subject: issuing.certificate.subject,
        extensions: [keyUsage, constraints(0), subjectKeyIdentifier(issuing.signer.publicKey)],
      },
      PrivateKeySigner.generate('P-384'),
    );
    expect(check(leaf, [twin.certificate, root.certificate])).toBe('SIGNATURE');
  });

  it('refuses with SIGNATURE: a root that did not sign itself', async () => {
    const imposter = await craftedAuthority(root, { subject: root.certificate.subject });
    const below = await craftedLeaf(imposter);
    expect(check(below, [imposter.certificate])).toBe('SIGNATURE');
  });

  it('refuses with SIGNATURE_ALGORITHM: an algorithm of another key family', async () => {
    const rsa = await authority('root', { type: 'RSA' });
    const twin = await craftedAuthority(undefined, { subject: rsa.certificate.subject });
    expect(check(await craftedLeaf(rsa), [twin.certificate])).toBe('SIGNATURE_ALGORITHM');
  });

  it('refuses with ROOT: a chain that ends below the root', () => {
    expect(check(leaf, [issuing.certificate])).toBe('ROOT');
  });

  it('takes an intermediate for the trust anchor when told, with all that a CA must be', async () => {
    const options = { ...SIGNING, trustAnchor: 'any' } as const;
    expect(verifyChain(leaf, [issuing.certificate], ISSUED, options)).toEqual([leaf, issuing.certificate]);
    expect(verifyChain(leaf, chain(), ISSUED, options)).toEqual([leaf, ...chain()]);
    // The root stands before it: it is no part of the path.
    expect(verifyChain(leaf, [root.certificate, issuing.certificate], ISSUED, options)).toHaveLength(2);

    const dates = { notBefore: NOT_BEFORE, notAfter: new Date(ISSUED.getTime() - 1000) };
    const past = await ca('past', { above: root, pathLength: 0, ...dates });
    expect(check(await craftedLeaf(past), [past.certificate], ISSUED, options)).toBe('EXPIRED');
    const other = await ca('other', { above: root, extendedKeyUsages: [oids.serverAuth] });
    expect(check(await craftedLeaf(other), [other.certificate], ISSUED, options)).toBe('EXTENDED_KEY_USAGE');
    expect(check(leaf, [root.certificate], ISSUED, options)).toBe('ISSUER_NAME');
    const namesake = await ca('issuing', { above: root, pathLength: 0 });
    expect(check(await craftedLeaf(namesake), [issuing.certificate], ISSUED, options)).toMatch(
      /SIGNATURE|ISSUER_KEY_ID/,
    );
  });

  it('refuses with SIGNATURE: a self-issued trust anchor that its key did not sign, although any would do', async () => {
    const forged = await craftedAuthority(await craftedAuthority(undefined));
    const options = { ...SIGNING, trustAnchor: 'any' } as const;
    expect(check(await craftedLeaf(forged), [forged.certificate], ISSUED, options)).toBe('SIGNATURE');
  });

  it('refuses with EXPIRED and NOT_YET_VALID: the intermediate or the root', async () => {
    const past = { notBefore: NOT_BEFORE, notAfter: new Date(ISSUED.getTime() - 1000) };
    const future = { notBefore: new Date(ISSUED.getTime() + 1000), notAfter: NOT_AFTER };
    for (const [code, validity] of [
      ['EXPIRED', past],
      ['NOT_YET_VALID', future],
    ] as const) {
      const middle = await ca('issuing', { above: root, ...validity });
      const top = await authority('root', validity);
      expect(check(await craftedLeaf(middle), [middle.certificate, root.certificate])).toBe(code);
      expect(check(await craftedLeaf(top), [top.certificate])).toBe(code);
    }
  });

  it('refuses with NOT_A_CA: an issuer without or with empty basic constraints', async () => {
    const empty = { oid: oids.basicConstraints, critical: true, value: derSequence() };
    for (const extensions of [[keyUsage], [keyUsage, empty]]) {
      const middle = await craftedAuthority(root, { extensions });
      expect(check(await craftedLeaf(middle), [middle.certificate, root.certificate])).toBe('NOT_A_CA');
    }
  });

  it('refuses with KEY_USAGE: an issuer that may not sign certificates', async () => {
    const { keyUsageExtension } = await import('./standard-extensions.ts');
    for (const extensions of [
      [constraints()],
      [keyUsageExtension(['digitalSignature', 'cRLSign']), constraints()],
    ]) {
      const middle = await craftedAuthority(root, { extensions });
      expect(check(await craftedLeaf(middle), [middle.certificate, root.certificate])).toBe('KEY_USAGE');
    }
  });

  it('refuses with KEY_USAGE: a leaf that may not sign', async () => {
    const crafted = await craftedLeaf(issuing, { extensions: [keyUsage, usages(oids.codeSigning)] });
    expect(check(crafted, chain())).toBe('KEY_USAGE');
  });

  it('refuses with IS_A_CA: a CA posing as leaf', async () => {
    const crafted = await craftedLeaf(root, {
      extensions: [keyUsage, constraints(), usages(oids.codeSigning)],
    });
    expect(check(crafted, [root.certificate])).toBe('IS_A_CA');
  });

  it('refuses with PATH_LENGTH: an intermediate below an issuing CA, but not a self-issued one', async () => {
    const deeper = await ca('deeper', { above: issuing, extendedKeyUsages: [oids.codeSigning] });
    expect(check(await craftedLeaf(deeper), [deeper.certificate, ...chain()])).toBe('PATH_LENGTH');
    const renewed = await ca('issuing', { above: issuing, pathLength: 0 });
    expect(check(await craftedLeaf(renewed), [renewed.certificate, ...chain()])).toBe('accepted');
  });

  it('refuses with EXTENDED_KEY_USAGE: a leaf without the usage, or with any', async () => {
    for (const extensions of [
      [usages(oids.timeStamping)],
      [usages(oids.anyExtendedKeyUsage)],
      [usages('1.2.3')],
    ]) {
      expect(check(await craftedLeaf(issuing, { extensions }), chain())).toBe('EXTENDED_KEY_USAGE');
    }
    const none = await craftedLeaf(issuing, {
      extensions: [{ oid: '1.2.3', critical: false, value: derNull() }],
    });
    expect(check(none, chain())).toBe('EXTENDED_KEY_USAGE');
  });

  it('refuses with EXTENDED_KEY_USAGE: a CA that is restricted to another usage', async () => {
    const middle = await ca('issuing', { above: root, extendedKeyUsages: [oids.timeStamping] });
    expect(check(await craftedLeaf(middle), [middle.certificate, root.certificate])).toBe(
      'EXTENDED_KEY_USAGE',
    );
    const any = await ca('issuing', { above: root, extendedKeyUsages: [oids.anyExtendedKeyUsage] });
    expect(check(await craftedLeaf(any), [any.certificate, root.certificate])).toBe('accepted');
  });

  it('refuses with CRITICAL_EXTENSION: name constraints, in leaf or CA', async () => {
    const nameConstraints = { oid: '2.5.29.30', critical: true, value: derSequence() };
    const crafted = await craftedLeaf(issuing, { extensions: [usages(oids.codeSigning), nameConstraints] });
    expect(check(crafted, chain())).toBe('CRITICAL_EXTENSION');
    const middle = await craftedAuthority(root, { extensions: [keyUsage, constraints(), nameConstraints] });
    expect(check(await craftedLeaf(middle), [middle.certificate, root.certificate])).toBe(
      'CRITICAL_EXTENSION',
    );
  });

  it('refuses with PUBLIC_KEY: an issuer whose key does not pass the gate', async () => {
    const subject = encodeCaName({ organization: 'acme', commonName: 'weak' });
    const weak = await craftedAuthority(undefined, { subject, issuer: subject });
    const infinity = Uint8Array.from(weak.certificate.spki);
    infinity.fill(0, infinity.length - 64);
    const broken = await craftedAuthority(root, { subject, spki: infinity }, weak.signer);
    expect(check(await craftedLeaf(weak), [broken.certificate, root.certificate])).toBe('PUBLIC_KEY');
  });
});

describe('verifyCertificateSignature', () => {
  it('refuses an algorithm that differs inside and outside', async () => {
    const root = await authority('root', { type: 'P-256' });
    const { tbs, signature } = await craftedLeaf(root);
    const outer = signatureAlgorithmIdentifier('P-256', 'sha384');
    const certificate = Certificate.parse(derSequence(tbs, outer, derBitString(signature)));
    expect(refusal(() => verifyCertificateSignature(certificate, root.certificate))).toBe(
      'SIGNATURE_ALGORITHM',
    );
  });

  it('refuses SHA-1 and algorithms nobody knows', async () => {
    const root = await authority('root', { type: 'RSA' });
    // sha1WithRSAEncryption, with the NULL it wants.
    const sha1 = Uint8Array.from([0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0]);
    const { tbs, signature } = await craftedLeaf(root);
    const old = signatureAlgorithmIdentifier('RSA', 'sha256');
    const start = indexOf(tbs, old);
    const changed = Uint8Array.from([
      ...tbs.subarray(0, start),
      ...sha1,
      ...tbs.subarray(start + old.length),
    ]);
    const certificate = Certificate.parse(derSequence(changed, sha1, derBitString(signature)));
    expect(refusal(() => verifyCertificateSignature(certificate, root.certificate))).toBe(
      'SIGNATURE_ALGORITHM',
    );
  });

  it('takes a hash other than the default one of the key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signer: Signer = {
      publicKey: PublicKey.fromSpki(publicKey.export({ format: 'der', type: 'spki' })),
      hash: 'sha384',
      sign: async (message) => new Uint8Array(sign('sha384', message, privateKey)),
    };
    const signatureAlgorithm = signatureAlgorithmIdentifier('P-256', 'sha384');
    const { certificate } = await craftedAuthority(undefined, { signatureAlgorithm }, signer);
    expect(() => verifyCertificateSignature(certificate, certificate)).not.toThrow();
  });
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= bytes.length; at++) {
    if (part.every((octet, i) => bytes[at + i] === octet)) return at;
  }
  throw new Error('not found');
}
