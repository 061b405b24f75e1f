import { beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { derBitString, derBoolean, derOid, derSequence } from '@sigstead/encoding';
import { oids, type Certificate, type Extension } from '@sigstead/x509';
import { verifyAuthorityChain, verifySignerChain } from './signer-chain.ts';
import {
  makeCa,
  makeTimestampSigner,
  NOW,
  withExtension,
  type TestCa,
  type TestTimestampSigner,
} from './testonly/authority.ts';
import { refusal } from './testonly/refusal.ts';

const usages = (critical: boolean, ...list: string[]) => ({
  oid: oids.extendedKeyUsage,
  critical,
  value: derSequence(...list.map(derOid)),
});

describe('verifySignerChain', () => {
  let tsa: TestTimestampSigner;
  let root: TestCa;

  beforeAll(async () => {
    tsa = await makeTimestampSigner('P-256');
    root = await makeCa('root');
  });

  const why = async (
    chain: readonly Certificate[],
    key = tsa.signer.publicKey,
    at = NOW,
  ): Promise<string> => {
    const { code, message } = await refusal(() => verifySignerChain(chain, key, at));
    expect(code).toBe('CHAIN');
    return message;
  };
  const leafOf = ({ chain }: TestTimestampSigner) => chain[0] as Certificate;

  it('takes signer and root, for as long as both are valid', () => {
    const { chain, signer } = tsa;
    for (const at of [leafOf(tsa).notBefore, NOW, leafOf(tsa).notAfter])
      expect(() => verifySignerChain(chain, signer.publicKey, at)).not.toThrow();
  });

  it('takes an intermediate that is for timestamping', async () => {
    const above = await makeCa('intermediate', { above: root, extendedKeyUsages: [oids.timeStamping] });
    const { chain, signer } = await makeTimestampSigner('P-384', { above: [above, root] });
    expect(() => verifySignerChain(chain, signer.publicKey, NOW)).not.toThrow();
  });

  it('refuses one certificate alone, and none', async () => {
    expect(await why(tsa.chain.slice(0, 1))).toMatch(/chain of 1 certificates/);
    expect(await why([])).toMatch(/chain of 0 certificates/);
  });

  it('refuses a key that is not the certificate’s', async () => {
    expect(await why(tsa.chain, PrivateKeySigner.generate('P-256').publicKey)).toMatch(/does not belong to/);
  });

  it('refuses a chain in the wrong order, of strangers, or with a stranger in it', async () => {
    expect(await why([...tsa.chain].reverse())).toMatch(/CA certificate/);
    expect(await why([leafOf(tsa), root.certificate])).toMatch(/bears the name/);
    expect(await why([leafOf(tsa), root.certificate, ...tsa.chain.slice(1)])).toMatch(
      /do not belong to the path/,
    );
    const namesake = await makeCa('timestamp root');
    expect(await why([leafOf(tsa), namesake.certificate])).toMatch(/key identifier/);
  });

  it('refuses a CA as signer', async () => {
    const ca = await makeCa('intermediate', { above: root, extendedKeyUsages: [oids.timeStamping] });
    expect(await why([ca.certificate, root.certificate], ca.signer.publicKey)).toMatch(/want an end entity/);
  });

  it('refuses a signer for anything else than timestamping, or for more', async () => {
    const leaf = leafOf(tsa);
    const [, above] = tsa.chain as [Certificate, Certificate];
    const chainWith = async (extension: ReturnType<typeof usages>) => [
      await withExtension(leaf, extension, tsa.issuer),
      above,
    ];
    expect(await why(await chainWith(usages(true, oids.codeSigning)))).toMatch(
      /lack 1\.3\.6\.1\.5\.5\.7\.3\.8/,
    );
    expect(await why(await chainWith(usages(true, oids.timeStamping, oids.codeSigning)))).toMatch(
      /2 extended key usages/,
    );
    expect(await why(await chainWith(usages(true, oids.timeStamping, '1.2.3.4')))).toMatch(
      /2 extended key usages/,
    );
    expect(await why(await chainWith(usages(false, oids.timeStamping)))).toMatch(/not critical/);
  });

  it('refuses an intermediate without the usage, or with another', async () => {
    for (const extendedKeyUsages of [[], [oids.codeSigning]]) {
      const above = await makeCa('intermediate', { above: root, extendedKeyUsages });
      const { chain, signer } = await makeTimestampSigner('P-256', { above: [above, root] });
      expect(await why(chain, signer.publicKey)).toMatch(/"O=octo, CN=intermediate": extended key usages/);
    }
  });

  it('refuses before and after the validity of any of them', async () => {
    const second = (date: Date, by: number) => new Date(date.getTime() + by * 1000);
    const { notBefore, notAfter } = leafOf(tsa);
    expect(await why(tsa.chain, undefined, second(notAfter, 1))).toMatch(/valid until/);
    expect(await why(tsa.chain, undefined, second(notBefore, -1))).toMatch(/valid from/);
    const shortRoot = await makeCa('short', { notAfter: second(NOW, -60) });
    const { chain, signer } = await makeTimestampSigner('P-256', { above: [shortRoot] });
    expect(await why(chain, signer.publicKey)).toMatch(/CN=short": valid until/);
    expect(await why(tsa.chain, undefined, new Date(NaN))).toMatch(/not a date/);
  });
});

describe('verifyAuthorityChain', () => {
  let tsa: TestTimestampSigner;
  let leaf: Certificate;

  beforeAll(async () => {
    tsa = await makeTimestampSigner('P-256');
    leaf = tsa.chain[0] as Certificate;
  });

  const why = async (chain: readonly Certificate[], at = NOW): Promise<string> => {
    const { code, message } = await refusal(() => verifyAuthorityChain(chain, at));
    expect(code).toBe('CHAIN');
    return message;
  };
  const second = (date: Date, by: number) => new Date(date.getTime() + by * 1000);

  it('takes an intermediate that restricts nothing, or allows anything', async () => {
    const root = await makeCa('root');
    for (const extendedKeyUsages of [[], [oids.anyExtendedKeyUsage], [oids.timeStamping, oids.codeSigning]]) {
      const above = await makeCa('intermediate', { above: root, extendedKeyUsages });
      const { chain } = await makeTimestampSigner('P-256', { above: [above, root] });
      expect(() => verifyAuthorityChain(chain, NOW)).not.toThrow();
    }
    const above = await makeCa('intermediate', { above: root, extendedKeyUsages: [oids.codeSigning] });
    const { chain } = await makeTimestampSigner('P-256', { above: [above, root] });
    expect(await why(chain)).toMatch(/CN=intermediate": extended key usages/);
  });

  it('takes an intermediate for the trust anchor', async () => {
    const above = await makeCa('intermediate', { above: await makeCa('root') });
    const { chain } = await makeTimestampSigner('P-256', { above: [above] });
    expect(chain).toHaveLength(2);
    expect(() => verifyAuthorityChain(chain, NOW)).not.toThrow();
  });

  it('refuses none, the wrong order, and a stranger among them', async () => {
    expect(await why([])).toMatch(/is empty/);
    expect(await why([...tsa.chain].reverse())).toMatch(/CA certificate/);
    const root = await makeCa('root');
    expect(await why([leaf, root.certificate, ...tsa.chain.slice(1)])).toMatch(/do not belong to the path/);
    expect(await why([leaf, leaf, ...tsa.chain.slice(1)])).toMatch(/do not belong to the path/);
  });

  // Whatever is asked of the signer's certificate below a root is asked of one that stands alone.
  describe.each([
    ['alone', (one: Certificate) => [one]],
    ['below its root', (one: Certificate) => [one, ...tsa.chain.slice(1)]],
  ] as const)('of a signer %s', (_where, chainOf) => {
    const withOther = async (extension: Extension) =>
      chainOf(await withExtension(leaf, extension, tsa.issuer));

    it('takes it for as long as it is valid', async () => {
      for (const at of [leaf.notBefore, NOW, leaf.notAfter])
        expect(() => verifyAuthorityChain(chainOf(leaf), at)).not.toThrow();
      expect(await why(chainOf(leaf), second(leaf.notBefore, -1))).toMatch(/valid from/);
      expect(await why(chainOf(leaf), second(leaf.notAfter, 1))).toMatch(/valid until|until/);
    });

    it('refuses one for more than timestamping, for something else, or not critical', async () => {
      expect(await why(await withOther(usages(true, oids.codeSigning)))).toMatch(
        /lack 1\.3\.6\.1\.5\.5\.7\.3\.8/,
      );
      expect(await why(await withOther(usages(true, oids.timeStamping, '1.2.3')))).toMatch(
        /2 extended key usages/,
      );
      expect(await why(await withOther(usages(false, oids.timeStamping)))).toMatch(/not critical/);
    });

    it('refuses a key that may not sign, and a critical extension nobody knows', async () => {
      const keyUsage = { oid: oids.keyUsage, critical: true, value: derBitString(Uint8Array.of(0x04), 2) };
      expect(await why(await withOther(keyUsage))).toMatch(/lacks digitalSignature/);
      const unknown = { oid: '1.2.3', critical: true, value: derSequence() };
      expect(await why(await withOther(unknown))).toMatch(/unknown critical extension 1\.2\.3/);
    });

    it('refuses a CA', async () => {
      const basicConstraints = {
        oid: oids.basicConstraints,
        critical: true,
        value: derSequence(derBoolean(true)),
      };
      expect(await why(await withOther(basicConstraints))).toMatch(/want an end entity/);
    });
  });

  it('verifies a link once, and the time every time', async () => {
    const { chain } = await makeTimestampSigner('P-384');
    const [signer] = chain as [Certificate];
    verifyAuthorityChain(chain, NOW);
    expect(await why(chain, second(signer.notAfter, 1))).toMatch(/valid until/);
    expect(await why([signer, (await makeCa('timestamp root')).certificate])).toMatch(
      /key identifier|signature/,
    );
  });
});
