import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { Certificate } from './certificate.ts';
import { verifyChain } from './chain.ts';
import type { GeneralName } from './general-name.ts';
import { oids } from './oids.ts';
import { signTbs } from './signature.ts';
import {
  authority,
  craftedLeaf,
  ISSUED,
  NOT_AFTER,
  NOT_BEFORE,
  SERIAL,
  type Authority,
} from './testonly/authority.ts';
import { openssl } from './testonly/openssl.ts';
import { refusal } from './testonly/refusal.ts';
import { encodeTlsServerCertificate, type TlsServerProfile } from './tls-server.ts';

const NAMES: readonly GeneralName[] = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
];

function profile(above: Authority, overrides: Partial<TlsServerProfile> = {}): TlsServerProfile {
  return {
    serialNumber: SERIAL,
    subject: { organization: 'acme', commonName: 'localhost' },
    issuer: above.certificate,
    publicKey: PrivateKeySigner.generate('P-256').publicKey,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    names: NAMES,
    ...overrides,
  };
}

describe('TLS server certificates', () => {
  it.each(['-verify_hostname localhost', '-verify_ip 127.0.0.1', '-verify_ip ::1'])(
    'are good for their names, says openssl verify %s',
    async (check) => {
      const root = await authority('tls root', { type: 'P-256', pathLength: 0 });
      const certificate = Certificate.parse(
        await signTbs(encodeTlsServerCertificate(profile(root)), root.signer),
      );
      expect(certificate.subjectAlternativeNames).toEqual(NAMES);
      expect(
        verifyChain(certificate, [root.certificate], ISSUED, { extendedKeyUsage: oids.serverAuth }),
      ).toHaveLength(2);
      const at = ['-attime', String(ISSUED.getTime() / 1000)];
      const answer = openssl(
        [
          'verify',
          '-x509_strict',
          '-purpose',
          'sslserver',
          ...at,
          ...check.split(' '),
          '-CAfile',
          'root.pem',
          'server.pem',
        ],
        { 'root.pem': root.certificate.toPem(), 'server.pem': certificate.toPem() },
      );
      expect(answer.trim()).toBe('server.pem: OK');
    },
  );

  it.each<[string, readonly GeneralName[]]>([
    ['no name', []],
    ['the name of a person', [...NAMES, { type: 'email', value: 'ada@example.com' }]],
    ['an address that is none', [{ type: 'ip', value: '300.0.0.1' }]],
  ])('are not made for %s', async (_name, names) => {
    const root = await authority('tls root');
    expect(refusal(() => encodeTlsServerCertificate(profile(root, { names })))).toBe('PROFILE');
  });

  it('are not made under what is no CA', async () => {
    const root = await authority('tls root');
    const issuer = await craftedLeaf(root);
    expect(refusal(() => encodeTlsServerCertificate(profile(root, { issuer })))).toBe('PROFILE');
  });
});
