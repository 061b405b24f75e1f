import { PrivateKeySigner } from '@sigstead/crypto';
import type { TrustedRoot, Validity } from '@sigstead/trust';
import { Certificate } from '@sigstead/x509';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MiniSigstore, SIGNED } from '../testonly/mini-sigstore.ts';
import { refusal } from '../testonly/refusal.ts';
import { verifyTrustedChain } from './certificate-chain.ts';

describe('verifyTrustedChain', () => {
  let sigstore: MiniSigstore;
  let other: MiniSigstore;
  let leaf: Certificate;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    other = await MiniSigstore.create();
    leaf = Certificate.parse(await sigstore.issue(PrivateKeySigner.generate('P-256').publicKey));
  });

  const rootWith = (...validities: Validity[]): TrustedRoot => {
    const [authority] = sigstore.trustedRoot.certificateAuthorities;
    if (authority === undefined) throw new Error('no authority');
    return {
      ...sigstore.trustedRoot,
      certificateAuthorities: validities.map((validFor) => ({ ...authority, validFor })),
    };
  };

  it('leads from the leaf to the root', () => {
    const { certificates, authority } = verifyTrustedChain(leaf, sigstore.trustedRoot, SIGNED);
    expect(certificates.map(({ raw }) => raw)).toEqual([
      leaf.raw,
      sigstore.intermediate.raw,
      sigstore.root.raw,
    ]);
    expect(authority.uri).toBe('https://ca.sigstead.test');
  });

  it('ends at the last certificate of the trusted root, also where that is an intermediate', () => {
    const { root, intermediate } = sigstore;
    const endingIn = (...certificates: Certificate[]): TrustedRoot => ({
      ...sigstore.trustedRoot,
      certificateAuthorities: sigstore.trustedRoot.certificateAuthorities.map((authority) => ({
        ...authority,
        certificates,
      })),
    });
    for (const listed of [[intermediate], [root, intermediate]]) {
      const { certificates } = verifyTrustedChain(leaf, endingIn(...listed), SIGNED);
      expect(certificates).toEqual([leaf, intermediate]);
    }
    expect(refusal(() => verifyTrustedChain(leaf, endingIn(root), SIGNED))).toBe('CHAIN_UNTRUSTED');
    const foreign = endingIn(other.intermediate);
    expect(refusal(() => verifyTrustedChain(leaf, foreign, SIGNED))).toBe('CHAIN_UNTRUSTED');
  });

  it('refuses a leaf of an authority nobody trusts', () => {
    const empty = { ...sigstore.trustedRoot, certificateAuthorities: [] };
    expect(refusal(() => verifyTrustedChain(leaf, empty, SIGNED))).toBe('CHAIN_UNTRUSTED');
  });

  it('refuses a leaf of another authority with the same names', () => {
    expect(refusal(() => verifyTrustedChain(leaf, other.trustedRoot, SIGNED))).toBe('CHAIN_UNTRUSTED');
  });

  it('finds the right authority among several with the same names', () => {
    const { certificateAuthorities } = sigstore.trustedRoot;
    const both = {
      ...sigstore.trustedRoot,
      certificateAuthorities: [...other.trustedRoot.certificateAuthorities, ...certificateAuthorities],
    };
    expect(verifyTrustedChain(leaf, both, SIGNED).authority).toBe(certificateAuthorities[0]);
  });

  it('holds to the window of the authority, both ends included', () => {
    const judge = (validFor: Validity): string =>
      refusal(() => verifyTrustedChain(leaf, rootWith(validFor), SIGNED));
    expect(judge({ start: SIGNED, end: SIGNED })).toBe('accepted');
    expect(judge({ start: new Date(SIGNED.getTime() + 1) })).toBe('CHAIN_UNTRUSTED');
    expect(judge({ end: new Date(SIGNED.getTime() - 1) })).toBe('CHAIN_UNTRUSTED');
    expect(refusal(() => verifyTrustedChain(leaf, rootWith({ end: new Date(0) }, {}), SIGNED))).toBe(
      'accepted',
    );
  });

  it('refuses when a CA certificate is not valid at that time', () => {
    const late = new Date('2037-01-01T00:00:00Z');
    expect(refusal(() => verifyTrustedChain(leaf, sigstore.trustedRoot, late))).toBe('CHAIN_UNTRUSTED');
  });
});
