import { PrivateKeySigner } from '@sigstead/crypto';
import { der, derSequence, encodeUtf8 } from '@sigstead/encoding';
import { Certificate, oids, type Extension } from '@sigstead/x509';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { extractIdentity } from './identity.ts';
import { IDENTITY, ISSUER, MiniSigstore, type SigningOptions } from './testonly/mini-sigstore.ts';
import { refusal } from './testonly/refusal.ts';

const uri = (text: string): Uint8Array => der(0x86, encodeUtf8(text));

describe('extractIdentity', () => {
  let sigstore: MiniSigstore;
  const { publicKey } = PrivateKeySigner.generate('P-256');
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
  });

  const issue = async (options: SigningOptions): Promise<Certificate> =>
    Certificate.parse(await sigstore.issue(publicKey, options));
  const edited = (oid: string, change: (extension: Extension) => Extension[]): Promise<Certificate> =>
    issue({ editExtensions: (all) => all.flatMap((one) => (one.oid === oid ? change(one) : [one])) });

  it('reads name, issuer and claims', async () => {
    const signer = extractIdentity(await issue({}));
    expect(signer).toMatchObject({ identity: IDENTITY, identityType: 'uri', issuer: ISSUER });
    expect(signer.claims).toMatchObject({ sourceRepositoryRef: 'refs/heads/main', buildTrigger: 'push' });
  });

  it('reads e-mail addresses and user names', async () => {
    const email = await issue({ identity: { type: 'email', value: 'ada@acme.test' } });
    expect(extractIdentity(email)).toMatchObject({ identity: 'ada@acme.test', identityType: 'email' });
    const user = await issue({ identity: { type: 'otherName', value: 'ada!acme' } });
    expect(extractIdentity(user)).toMatchObject({ identity: 'ada!acme', identityType: 'otherName' });
  });

  it('falls back to the old issuer extension', async () => {
    const old = await edited(`${oids.fulcio}.8`, () => []);
    expect(extractIdentity(old).issuer).toBe(ISSUER);
  });

  it('refuses a certificate without name, with several, or with one of another kind', async () => {
    const none = await edited(oids.subjectAlternativeName, () => []);
    expect(refusal(() => extractIdentity(none))).toBe('IDENTITY_MISSING');
    const two = await edited(oids.subjectAlternativeName, (one) => [
      { ...one, value: derSequence(uri(IDENTITY), uri('https://evil.test/')) },
    ]);
    expect(refusal(() => extractIdentity(two))).toBe('IDENTITY_AMBIGUOUS');
    const dns = await issue({ identity: { type: 'dns', value: 'acme.test' } });
    expect(refusal(() => extractIdentity(dns))).toBe('IDENTITY_MISSING');
  });

  it('takes a certificate that names no issuer, as one issued for no token', async () => {
    const none = await issue({
      editExtensions: (all) =>
        all.filter(({ oid }) => ![`${oids.fulcio}.1`, `${oids.fulcio}.8`].includes(oid)),
    });
    const { identity, issuer, claims } = extractIdentity(none);
    expect({ identity, issuer }).toEqual({ identity: IDENTITY, issuer: '' });
    expect(claims).not.toHaveProperty('issuer');
  });

  it('refuses a certificate that names two issuers', async () => {
    const two = await edited(`${oids.fulcio}.1`, (one) => [
      { ...one, value: encodeUtf8('https://evil.test') },
    ]);
    expect(refusal(() => extractIdentity(two))).toBe('CERTIFICATE_MALFORMED');
  });

  it('refuses claims that are no text', async () => {
    const garbled = await edited(`${oids.fulcio}.12`, (one) => [
      { ...one, value: Uint8Array.of(0x0c, 0x01, 0xff) },
    ]);
    expect(refusal(() => extractIdentity(garbled))).toBe('CERTIFICATE_MALFORMED');
  });
});
