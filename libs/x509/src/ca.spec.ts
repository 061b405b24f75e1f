import { describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeCaCertificate, encodeTimestampSignerCertificate } from './ca.ts';
import { Certificate } from './certificate.ts';
import { verifyChain } from './chain.ts';
import { oids } from './oids.ts';
import { signTbs } from './signature.ts';
import {
  authority,
  caExtensions,
  craftedAuthority,
  ISSUED,
  NOT_AFTER,
  NOT_BEFORE,
  SERIAL,
} from './testonly/authority.ts';
import { openssl } from './testonly/openssl.ts';
import { refusal } from './testonly/refusal.ts';

describe('CA certificates', () => {
  it('have the extensions of the public root', async () => {
    const { certificate } = await authority('root');
    expect(certificate.extensions.map(({ oid, critical }) => `${oid}${critical ? ' critical' : ''}`)).toEqual(
      ['2.5.29.15 critical', '2.5.29.19 critical', '2.5.29.14', '2.5.29.35'],
    );
    expect(certificate.issuer).toEqual(certificate.subject);
    expect(certificate.authorityKeyIdentifier).toEqual(certificate.subjectKeyIdentifier);
    expect(certificate.pathLength).toBeUndefined();
  });

  it('have the extensions of the public intermediate', async () => {
    const root = await authority('root');
    const { certificate } = await authority('issuing', {
      above: root,
      pathLength: 0,
      extendedKeyUsages: [oids.codeSigning],
    });
    expect(certificate.extensions.map(({ oid, critical }) => `${oid}${critical ? ' critical' : ''}`)).toEqual(
      ['2.5.29.15 critical', '2.5.29.37', '2.5.29.19 critical', '2.5.29.14', '2.5.29.35'],
    );
    expect(encodeHex(certificate.extension('2.5.29.19')?.value ?? new Uint8Array())).toBe('30060101ff020100');
    expect(certificate.authorityKeyIdentifier).toEqual(root.certificate.subjectKeyIdentifier);
  });

  it('have the key identifier openssl computes', async () => {
    const { certificate } = await authority('root');
    const text = openssl(['x509', '-in', 'ca.pem', '-noout', '-ext', 'subjectKeyIdentifier'], {
      'ca.pem': certificate.toPem(),
    });
    const own = encodeHex(certificate.subjectKeyIdentifier ?? new Uint8Array()).toUpperCase();
    expect(
      text
        .replace(/[^0-9A-F\n]/g, '')
        .trim()
        .endsWith(own),
    ).toBe(true);
    const again = openssl(['x509', '-in', 'ca.pem', '-noout', '-pubkey'], { 'ca.pem': certificate.toPem() });
    expect(again).toBe(certificate.publicKey.toPem());
  });

  it('write times after 2049 as GeneralizedTime', async () => {
    const { certificate } = await authority('root', { notAfter: new Date('2051-02-03T04:05:06Z') });
    expect(certificate.notAfter.toISOString()).toBe('2051-02-03T04:05:06.000Z');
    expect(
      openssl(['x509', '-in', 'ca.pem', '-noout', '-enddate'], { 'ca.pem': certificate.toPem() }),
    ).toContain('2051 GMT');
  });

  it('can be timestamp signers', async () => {
    const root = await authority('tsa root', { pathLength: 0 });
    const signer = PrivateKeySigner.generate('P-256');
    const tbs = encodeTimestampSignerCertificate({
      serialNumber: SERIAL,
      subject: { organization: 'acme', commonName: 'tsa' },
      issuer: root.certificate,
      publicKey: signer.publicKey,
      notBefore: NOT_BEFORE,
      notAfter: NOT_AFTER,
    });
    const certificate = Certificate.parse(await signTbs(tbs, root.signer));
    expect(certificate.extension(oids.extendedKeyUsage)?.critical).toBe(true);
    expect(
      verifyChain(certificate, [root.certificate], ISSUED, { extendedKeyUsage: oids.timeStamping }),
    ).toHaveLength(2);
    const answer = openssl(
      [
        'verify',
        '-purpose',
        'timestampsign',
        '-attime',
        String(ISSUED.getTime() / 1000),
        '-CAfile',
        'root.pem',
        'tsa.pem',
      ],
      { 'root.pem': root.certificate.toPem(), 'tsa.pem': certificate.toPem() },
    );
    expect(answer.trim()).toBe('tsa.pem: OK');
  });

  it.each([-1, 256, 1.5])('are not made with path length %d', (pathLength) => {
    const { publicKey } = PrivateKeySigner.generate('P-256');
    const subject = { organization: 'acme', commonName: 'root' };
    const profile = {
      serialNumber: SERIAL,
      subject,
      publicKey,
      notBefore: NOT_BEFORE,
      notAfter: NOT_AFTER,
      pathLength,
    };
    expect(refusal(() => encodeCaCertificate(profile))).toBe('PROFILE');
  });

  it('are not made under an issuer without subject key identifier', async () => {
    const above = await craftedAuthority(undefined, {
      extensions: [caExtensions.keyUsage, caExtensions.constraints()],
    });
    await expect(authority('issuing', { above })).rejects.toMatchObject({ code: 'PROFILE' });
  });
});
