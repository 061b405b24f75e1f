import { describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { encodeExtraData } from './ct-extra-data.ts';
import { refusal } from './testonly/errors.ts';

const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const known = (fingerprint: Uint8Array): Uint8Array | undefined =>
  fingerprint === first
    ? Uint8Array.of(0xaa, 0xbb)
    : fingerprint === second
      ? Uint8Array.of(0xcc)
      : undefined;

describe('encodeExtraData', () => {
  it('writes the chain of a certificate', () => {
    const bytes = encodeExtraData({ chainFingerprints: [first, second] }, known);
    expect(encodeHex(bytes)).toBe('000009' + '000002aabb' + '000001cc');
  });

  it('writes a precertificate before its chain', () => {
    const bytes = encodeExtraData(
      { precertificate: Uint8Array.of(0xdd), chainFingerprints: [second] },
      known,
    );
    expect(encodeHex(bytes)).toBe('000001dd' + '000004' + '000001cc');
  });

  it('writes an empty chain', () => {
    expect(encodeHex(encodeExtraData({ chainFingerprints: [] }, known))).toBe('000000');
  });

  it.each<[string, Parameters<typeof encodeExtraData>]>([
    ['an issuer nobody has', [{ chainFingerprints: [new Uint8Array(32)] }, known]],
    ['an empty issuer', [{ chainFingerprints: [first] }, () => new Uint8Array()]],
    ['an empty precertificate', [{ precertificate: new Uint8Array(), chainFingerprints: [] }, known]],
    ['a chain of 16 MiB', [{ chainFingerprints: [first, first] }, () => new Uint8Array(1 << 23)]],
  ])('refuses %s', (_, [entry, issuerOf]) => {
    expect(refusal(() => encodeExtraData(entry, issuerOf))).toBe('CT');
  });
});
