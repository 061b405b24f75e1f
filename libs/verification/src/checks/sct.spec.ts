import { PrivateKeySigner } from '@sigstead/crypto';
import type { TransparencyLogInstance, TrustedRoot } from '@sigstead/trust';
import { Certificate, oids } from '@sigstead/x509';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ISSUED, MiniSigstore, type SigningOptions } from '../testonly/mini-sigstore.ts';
import { refusal } from '../testonly/refusal.ts';
import { verifyScts } from './sct.ts';

describe('verifyScts', () => {
  let sigstore: MiniSigstore;
  const { publicKey } = PrivateKeySigner.generate('P-256');
  const stranger = PrivateKeySigner.generate('P-256');
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
  });

  const judge = async (
    options: SigningOptions,
    trustedRoot: TrustedRoot = sigstore.trustedRoot,
    threshold = 1,
  ): Promise<string> => {
    const certificate = Certificate.parse(await sigstore.issue(publicKey, options));
    return refusal(() => verifyScts(certificate, sigstore.intermediate, trustedRoot, threshold));
  };
  const window = (start: Date, end: Date): TrustedRoot => ({
    ...sigstore.trustedRoot,
    ctlogs: sigstore.trustedRoot.ctlogs.map((log) => ({ ...log, validFor: { start, end } })),
  });

  it('accepts the SCT of a known log', async () => {
    const certificate = Certificate.parse(await sigstore.issue(publicKey));
    const [sct, ...others] = verifyScts(certificate, sigstore.intermediate, sigstore.trustedRoot, 1);
    expect(sct).toMatchObject({ timestamp: ISSUED, log: { baseUrl: 'https://ct.sigstead.test/2026' } });
    expect(others).toEqual([]);
  });

  it('refuses a certificate without SCT', async () => {
    expect(await judge({ editExtensions: (all) => all.filter(({ oid }) => oid !== oids.sctList) })).toBe(
      'SCT_MISSING',
    );
  });

  it('refuses an SCT list that is none', async () => {
    const garbled: SigningOptions = {
      editExtensions: (all) =>
        all.map((one) =>
          one.oid === oids.sctList ? { ...one, value: Uint8Array.of(0x04, 0x02, 0x00, 0x07) } : one,
        ),
    };
    expect(await judge(garbled)).toBe('SCT_MALFORMED');
  });

  it('refuses the SCT of a log nobody trusts, also under the name of a trusted one', async () => {
    expect(await judge({ scts: async (tbs) => [await sigstore.sct(tbs, ISSUED, stranger)] })).toBe(
      'SCT_INVALID',
    );
    const forged = async (tbs: Uint8Array) => ({
      ...(await sigstore.sct(tbs, ISSUED, stranger)),
      logId: sigstore.ctSigner.publicKey.keyId,
    });
    expect(await judge({ scts: async (tbs) => [await forged(tbs)] })).toBe('SCT_INVALID');
  });

  it('refuses an SCT over another certificate', async () => {
    expect(await judge({ scts: async () => [await sigstore.sct(Uint8Array.of(0x30, 0x00))] })).toBe(
      'SCT_INVALID',
    );
  });

  it('refuses an SCT whose time was changed after signing', async () => {
    const shifted = async (tbs: Uint8Array) => {
      const sct = await sigstore.sct(tbs);
      return [{ ...sct, timestampMs: sct.timestampMs + 1n }];
    };
    expect(await judge({ scts: shifted })).toBe('SCT_INVALID');
  });

  it('refuses an SCT with a time no calendar has', async () => {
    const absurd = async (tbs: Uint8Array) => [
      { ...(await sigstore.sct(tbs)), timestampMs: (1n << 64n) - 1n },
    ];
    expect(await judge({ scts: absurd })).toBe('SCT_INVALID');
  });

  it('needs one good SCT and is not harmed by others', async () => {
    const mixed = async (tbs: Uint8Array) => [
      await sigstore.sct(tbs, ISSUED, stranger),
      await sigstore.sct(tbs),
    ];
    expect(await judge({ scts: mixed })).toBe('accepted');
  });

  it('can want logs of several operators, and none', async () => {
    const other = {
      ...(sigstore.trustedRoot.ctlogs[0] as TransparencyLogInstance),
      baseUrl: 'https://other.test',
    };
    const both = (operator?: string): TrustedRoot => ({
      ...sigstore.trustedRoot,
      ctlogs: [
        ...sigstore.trustedRoot.ctlogs,
        { ...other, key: stranger.publicKey, logId: stranger.publicKey.keyId },
      ].map((log) => (operator === undefined ? log : { ...log, operator })),
    });
    const scts = async (tbs: Uint8Array) => [
      await sigstore.sct(tbs),
      await sigstore.sct(tbs, ISSUED, stranger),
    ];
    const twice = async (tbs: Uint8Array) => [await sigstore.sct(tbs), await sigstore.sct(tbs)];
    expect(await judge({ scts }, both(), 2)).toBe('accepted');
    expect(await judge({ scts }, both('acme.test'), 2)).toBe('SCT_INVALID');
    expect(await judge({ scts: twice }, both(), 2)).toBe('SCT_INVALID');
    expect(await judge({ scts: async () => [] }, both(), 0)).toBe('accepted');
  });

  it('holds to the window of the log at the time of the SCT, both ends included', async () => {
    const [early, late] = [new Date(ISSUED.getTime() - 1), new Date(ISSUED.getTime() + 1)];
    expect(await judge({}, window(ISSUED, ISSUED))).toBe('accepted');
    expect(await judge({}, window(late, late))).toBe('SCT_INVALID');
    expect(await judge({}, window(early, early))).toBe('SCT_INVALID');
  });
});
