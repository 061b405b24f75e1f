import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeHex, encodePem } from '@sigstead/encoding';
import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';
import { X509Crl, X509CrlReason } from '@peculiar/x509';
import type { Certificate } from './certificate.ts';
import {
  CRL_REASONS,
  encodeCrlTbs,
  type CrlProfile,
  type CrlReason,
  type RevokedCertificate,
} from './crl.ts';
import { signTbs } from './signature.ts';
import { authority, caExtensions, craftedAuthority, type Authority } from './testonly/authority.ts';
import { openssl } from './testonly/openssl.ts';
import { asyncRefusal, refusal } from './testonly/refusal.ts';

const THIS_UPDATE = new Date('2026-06-01T12:00:00Z');
const NEXT_UPDATE = new Date('2026-06-02T12:00:00Z');
const REVOKED: RevokedCertificate = {
  serialNumber: decodeHex('7f00ff'),
  revocationDate: new Date('2026-05-31T10:00:00.999Z'),
  reason: 'keyCompromise',
  invalidityDate: new Date('2026-05-30T09:08:07Z'),
};

function profile({ certificate }: Authority, changes: Partial<CrlProfile> = {}): CrlProfile {
  return {
    issuer: certificate,
    thisUpdate: THIS_UPDATE,
    nextUpdate: NEXT_UPDATE,
    crlNumber: 258n,
    revoked: [REVOKED],
    ...changes,
  };
}

async function sign(ca: Authority, changes: Partial<CrlProfile> = {}): Promise<Uint8Array> {
  return signTbs(encodeCrlTbs(profile(ca, changes)), ca.signer);
}

function print(crl: Uint8Array, ...options: string[]): string {
  return openssl(['crl', '-in', 'crl.pem', '-noout', ...options], {
    'crl.pem': encodePem('X509 CRL', crl),
  });
}

/** Has openssl check a certificate against its CA and the CA's CRL. */
function check(certificate: Certificate, ca: Authority, crl: Uint8Array): string {
  return openssl(
    [
      ...['verify', '-crl_check', '-attime', String(THIS_UPDATE.getTime() / 1000 + 60)],
      ...['-CAfile', 'ca.pem', '-CRLfile', 'crl.pem', 'leaf.pem'],
    ],
    {
      'crl.pem': encodePem('X509 CRL', crl),
      'ca.pem': ca.certificate.toPem(),
      'leaf.pem': certificate.toPem(),
    },
  );
}

describe('a CRL', () => {
  it.each<KeyType>(['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'])(
    'signed with a %s key counts for openssl: the revoked certificate no longer verifies',
    async (type) => {
      const ca = await authority('ca', { type });
      const { certificate } = await authority('below', { above: ca, serialNumber: REVOKED.serialNumber });
      expect(check(certificate, ca, await sign(ca, { revoked: [] }))).toContain('leaf.pem: OK');
      const revoking = await sign(ca);
      expect(() => check(certificate, ca, revoking)).toThrow(/certificate revoked/);
    },
  );

  it('says what openssl reads', async () => {
    const ca = await authority('ca');
    const text = print(await sign(ca), '-text');
    expect(text).toContain('Version 2');
    expect(text).toMatch(/Issuer: O ?= ?acme, CN ?= ?ca/);
    expect(text).toMatch(/Last Update: Jun {2}1 12:00:00 2026 GMT\s+Next Update: Jun {2}2 12:00:00 2026 GMT/);
    expect(text).toMatch(/Serial Number: 7F00FF\s+Revocation Date: May 31 10:00:00 2026 GMT/);
    expect(text).toMatch(/CRL Reason Code: ?\s+Key Compromise/);
    expect(text).toMatch(/Invalidity Date: ?\s+May 30 09:08:07 2026 GMT/);
    expect(text).toMatch(/Authority Key Identifier: ?\s+(keyid:)?([0-9A-F]{2}:?){20}/);
    expect(text).toMatch(/CRL Number: ?\s+258/);
    expect(text).not.toContain('critical');
  });

  it('verifies for @peculiar/x509, which reads every reason', async () => {
    const ca = await authority('ca');
    const reasons = Object.keys(CRL_REASONS) as CrlReason[];
    const revoked = reasons.map((reason, i) => ({
      serialNumber: Uint8Array.of(0x80 + i),
      revocationDate: THIS_UPDATE,
      reason,
    }));
    const crl = new X509Crl(await sign(ca, { revoked }));
    const publicKey = await webcrypto.subtle.importKey(
      'spki',
      ca.certificate.spki,
      { name: 'ECDSA', namedCurve: 'P-384' },
      true,
      ['verify'],
    );
    expect(await crl.verify({ publicKey }, webcrypto as never)).toBe(true);
    expect(crl.entries.map(({ serialNumber }) => serialNumber)).toEqual(
      reasons.map((_, i) => (0x80 + i).toString(16)),
    );
    expect(crl.entries.map(({ reason }) => X509CrlReason[reason ?? 0])).toEqual(reasons);
    // `unspecified` is not written out.
    expect(crl.entries[0]?.extensions).toEqual([]);
    expect(crl.extensions.map(({ type }) => type)).toEqual(['2.5.29.35', '2.5.29.20', '2.5.29.60']);
  });

  it('of nothing revoked has no list', async () => {
    const ca = await authority('ca');
    expect(print(await sign(ca, { revoked: [] }), '-text')).toContain('No Revoked Certificates');
  });

  it('writes dates from 2050 on as the profile wants them', async () => {
    const ca = await authority('ca');
    const text = print(
      await sign(ca, { thisUpdate: NEXT_UPDATE, nextUpdate: new Date('2050-01-01T00:00:00Z') }),
      '-nextupdate',
    );
    expect(text).toContain('Jan  1 00:00:00 2050 GMT');
  });

  it('does not verify with another key', async () => {
    const ca = await authority('ca');
    const impostor = { certificate: ca.certificate, signer: PrivateKeySigner.generate('P-384') };
    const { certificate } = await authority('below', { above: ca });
    const forged = await sign(impostor);
    expect(() => check(certificate, ca, forged)).toThrow(/CRL signature failure/);
  });
});

describe('no CRL is made', () => {
  it.each<[string, Partial<CrlProfile>]>([
    ['that ends as it starts', { nextUpdate: THIS_UPDATE }],
    ['that starts at no date', { thisUpdate: new Date(NaN) }],
    ['with the number 0', { crlNumber: 0n }],
    ['with a number of 21 octets', { crlNumber: 1n << 159n }],
    ['with the serial number 0', { revoked: [{ ...REVOKED, serialNumber: Uint8Array.of(0, 0) }] }],
    ['with a revocation at no date', { revoked: [{ ...REVOKED, revocationDate: new Date(NaN) }] }],
    ['with an invalidity at no date', { revoked: [{ ...REVOKED, invalidityDate: new Date(NaN) }] }],
  ])('%s', async (_name, changes) => {
    const ca = await authority('ca');
    expect(refusal(() => encodeCrlTbs(profile(ca, changes)))).toBe('PROFILE');
  });

  it('by a CA whose key usage does not allow it', async () => {
    const ca = await craftedAuthority(undefined, {
      extensions: [
        caExtensions.constraints(),
        { oid: '2.5.29.15', critical: true, value: decodeHex('03020204') },
      ],
    });
    expect(() => encodeCrlTbs(profile(ca))).toThrow(/key usage does not allow to sign revocation lists/);
  });

  it('by a CA without a subject key identifier', async () => {
    const ca = await craftedAuthority(undefined);
    expect(() => encodeCrlTbs(profile(ca))).toThrow(/no subject key identifier/);
  });

  it('by a key of another kind than the certificate names', async () => {
    const ca = await authority('ca');
    const other = { certificate: ca.certificate, signer: PrivateKeySigner.generate('P-256') };
    expect(await asyncRefusal(() => sign(other))).toBe('SIGNATURE_ALGORITHM');
  });
});
