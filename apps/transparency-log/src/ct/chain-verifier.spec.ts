import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, type Signer } from '@sigstead/crypto';
import { concatBytes, derOctetString, derSequence, equalBytes } from '@sigstead/encoding';
import {
  Certificate,
  encodeCaCertificate,
  oids,
  precertificateTbs,
  sctListExtension,
  signTbs,
  type CaProfile,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';
import { makeAuthority, makeRoot, type TestAuthority } from '../testonly/authority.ts';
import {
  codeSigning,
  extension,
  poison,
  signOddLeaf,
  usages,
  type OddLeaf,
} from '../testonly/odd-certificates.ts';
import { ChainVerifier, type ChainPolicy, type LeafKind } from './chain-verifier.ts';
import { CtError } from './errors.ts';
import { TrustedRoots } from './trusted-roots.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const LAX: ChainPolicy = { extendedKeyUsages: [oids.codeSigning], acceptExpired: true };

let authority: TestAuthority;
let roots: TrustedRoots;

beforeAll(async () => {
  authority = await makeAuthority();
  roots = rootsOf(authority.root);
});

function rootsOf(...certificates: readonly Certificate[]): TrustedRoots {
  return TrustedRoots.fromPem(certificates.map((each) => each.toPem()).join(''));
}

function verify(
  kind: LeafKind,
  chain: readonly Uint8Array[],
  policy: Partial<ChainPolicy> = {},
  trusted = roots,
): ReturnType<ChainVerifier['verify']> {
  return new ChainVerifier({ ...LAX, ...policy }, () => NOW).verify(kind, chain, trusted);
}

/** The text of the refusal; anything but a refusal of the chain fails the test. */
function refusal(...call: Parameters<typeof verify>): string {
  try {
    verify(...call);
  } catch (error) {
    if (error instanceof CtError && error.code === 'CHAIN') return error.message;
    throw error;
  }
  return 'accepted';
}

const leaf = (parts?: OddLeaf): Promise<Uint8Array> =>
  signOddLeaf(authority.intermediate, authority.signer, parts);

const rsa = (bits: number): Signer =>
  PrivateKeySigner.fromPem(
    generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({
      format: 'pem',
      type: 'pkcs8',
    }) as string,
  );

describe('a chain that is taken', () => {
  it('is given back from leaf to root, whether the root was sent or not', async () => {
    const { intermediate, root } = authority;
    const precertificate = await authority.issue();
    for (const sent of [[intermediate.raw], [intermediate.raw, root.raw]]) {
      const { certificate, issuers, signedEntry } = verify('precertificate', [precertificate.raw, ...sent]);
      expect(certificate.raw).toEqual(precertificate.raw);
      expect(issuers.map(({ raw }) => raw)).toEqual([intermediate.raw, root.raw]);
      expect(signedEntry).toEqual({
        type: 'precertificate',
        issuerKeyHash: intermediate.spkiHash,
        tbsCertificate: precertificateTbs(precertificate),
      });
    }
  });

  it('of a final certificate is logged as it was sent, with or without SCTs in it', async () => {
    const sct: SignedCertificateTimestamp = {
      version: 0,
      logId: new Uint8Array(32),
      timestampMs: 1n,
      extensions: new Uint8Array(),
      hashAlgorithm: 4,
      signatureAlgorithm: 3,
      signature: new Uint8Array(70),
    };
    const embedded = (await authority.issue(sctListExtension([sct]))).raw;
    for (const certificate of [embedded, await leaf()]) {
      expect(verify('x509', [certificate, authority.intermediate.raw]).signedEntry).toEqual({
        type: 'x509',
        certificate,
      });
    }
  });

  it('may end right below the root, or in a leaf of the root itself', async () => {
    const direct = await signOddLeaf(authority.root, authority.rootSigner);
    expect(verify('x509', [direct]).issuers).toHaveLength(1);
    expect(verify('x509', [direct, authority.root.raw]).issuers).toHaveLength(1);
  });

  it('may end in another certificate of the root’s name and key, and is logged with the configured one', async () => {
    const renewed = await makeRoot(authority.rootSigner);
    expect(equalBytes(renewed.raw, authority.root.raw)).toBe(false);
    const { issuers } = verify('x509', [await leaf(), authority.intermediate.raw, renewed.raw]);
    expect(issuers.map(({ raw }) => raw)).toEqual([authority.intermediate.raw, authority.root.raw]);
  });

  it('may end in the root as signed by a CA that the log does not know', async () => {
    const above = await makeAuthority();
    const crossSigned = await issueCa(above.root, above.rootSigner, {
      subject: { organization: 'sigstead test', commonName: 'root' },
      publicKey: authority.rootSigner.publicKey,
    });
    const { issuers } = verify('x509', [await leaf(), authority.intermediate.raw, crossSigned.raw]);
    expect(issuers.at(-1)?.raw).toEqual(authority.root.raw);
  });

  it('finds its root among several of one name, whether key identifiers tell them apart or not', async () => {
    const others = [await makeAuthority(), await makeAuthority()];
    const mixed = rootsOf(...others.map(({ root }) => root), authority.root);
    for (const each of [...others, authority]) {
      const certificate = await signOddLeaf(each.intermediate, each.signer);
      const { issuers } = verify('x509', [certificate, each.intermediate.raw], {}, mixed);
      expect(issuers.at(-1)?.raw).toEqual(each.root.raw);
      // The leaf has no authority key identifier: only the signature tells.
      const direct = await signOddLeaf(each.root, each.rootSigner);
      expect(verify('x509', [direct], {}, mixed).issuers[0]?.raw).toEqual(each.root.raw);
    }
  });

  it('may be of CAs whose dates do not cover it: a log records, it does not trust', async () => {
    const [past, future] = [new Date('2001-01-01'), new Date('2040-01-01')];
    for (const notBefore of [past, future]) {
      const certificate = await leaf({ notBefore });
      expect(refusal('x509', [certificate, authority.intermediate.raw])).toBe('accepted');
    }
  });

  it.each([
    ['RSA 2048', () => rsa(2048)],
    ['RSA 4096', () => rsa(4096)],
    ['P-256', () => PrivateKeySigner.generate('P-256')],
    ['P-384', () => PrivateKeySigner.generate('P-384')],
    ['P-521', () => PrivateKeySigner.generate('P-521')],
  ])(
    'may be of CAs with %s keys',
    async (_, key) => {
      const signer = key();
      const foreign = await makeAuthority({ rootSigner: signer, signer });
      for (const [kind, certificate] of [
        ['precertificate', (await foreign.issue()).raw],
        ['x509', await signOddLeaf(foreign.intermediate, foreign.signer)],
      ] as const) {
        const chain = [certificate, foreign.intermediate.raw];
        expect(refusal(kind, chain, {}, rootsOf(foreign.root))).toBe('accepted');
        expect(refusal(kind, chain)).toMatch(/does not hold/);
      }
    },
    60_000,
  );

  it('may have any key that its CA signed, which is not judged and not used', async () => {
    const { spki } = PrivateKeySigner.generate('P-256').publicKey;
    // The point 04 00...00 is not on the curve; a key at infinity is the single octet 00.
    const offCurve = concatBytes(spki.subarray(0, spki.length - 64), new Uint8Array(64));
    const { intermediate } = authority;
    expect(refusal('x509', [await leaf({ spki: offCurve }), intermediate.raw])).toBe('accepted');
    expect(refusal('x509', [await leaf({ spki: atInfinity(spki) }), intermediate.raw])).toBe('accepted');
  });
});

describe('the leaf', () => {
  it('is refused at add-chain when it is poisoned', async () => {
    const precertificate = await authority.issue();
    expect(refusal('x509', [precertificate.raw, authority.intermediate.raw])).toMatch(
      /is a precertificate, want add-pre-chain/,
    );
  });

  it.each<[string, readonly Uint8Array[], RegExp]>([
    ['no poison', [codeSigning], /has no poison/],
    ['two poisons', [codeSigning, poison, poison], /stands twice/],
    [
      'a poison that is not critical',
      [codeSigning, extension(oids.precertificatePoison, Uint8Array.of(5, 0))],
      /not critical/,
    ],
    [
      'a poison of another value',
      [codeSigning, extension(oids.precertificatePoison, Uint8Array.of(1, 1, 0), true)],
      /value NULL/,
    ],
    [
      'a poison and SCTs',
      [codeSigning, poison, extension(oids.sctList, Uint8Array.of(4, 0))],
      /both the poison and an SCT list/,
    ],
  ])('is refused at add-pre-chain with %s', async (_, extensions, reason) => {
    const chain = [await leaf({ extensions }), authority.intermediate.raw];
    expect(refusal('precertificate', chain)).toMatch(reason);
  });

  it('is refused with none of the usages of the log', async () => {
    const tls = usages(oids.serverAuth);
    for (const extensions of [
      [tls],
      [usages(oids.anyExtendedKeyUsage)],
      [extension('1.2.3', new Uint8Array())],
    ]) {
      const chain = [await leaf({ extensions }), authority.intermediate.raw];
      expect(refusal('x509', chain)).toMatch(/has the usages \[.*\], want one of 1\.3\.6\.1\.5\.5\.7\.3\.3/);
    }
  });

  it('needs one usage of the log, and CAs that may give it', async () => {
    const policy = { extendedKeyUsages: [oids.serverAuth, oids.codeSigning] };
    const both = await leaf({ extensions: [usages(oids.codeSigning)] });
    expect(refusal('x509', [both, authority.intermediate.raw], policy)).toBe('accepted');
    const more = await leaf({ extensions: [usages(oids.serverAuth, oids.codeSigning)] });
    expect(refusal('x509', [more, authority.intermediate.raw], policy)).toBe('accepted');
    const tls = await leaf({ extensions: [usages(oids.serverAuth)] });
    expect(refusal('x509', [tls, authority.intermediate.raw], policy)).toMatch(
      /lack 1\.3\.6\.1\.5\.5\.7\.3\.1/,
    );
  });

  it('may be required not to have expired', async () => {
    const policy = { acceptExpired: false };
    const [old, fresh] = [
      await leaf({ notAfter: NOW, notBefore: new Date(0) }),
      await leaf({ notAfter: new Date(NOW.getTime() + 1000), notBefore: new Date(0) }),
    ];
    const expired = await leaf({ notAfter: new Date(NOW.getTime() - 1000), notBefore: new Date(0) });
    const { raw } = authority.intermediate;
    expect(refusal('x509', [fresh, raw], policy)).toBe('accepted');
    expect(refusal('x509', [old, raw], policy)).toBe('accepted');
    expect(refusal('x509', [expired, raw], policy)).toMatch(/ends at 2026-06-01T11:59:59.000Z, and expired/);
  });

  it('may be required to end in a window, its beginning included and its end not', async () => {
    const [notAfterStart, notAfterLimit] = [
      new Date('2026-01-01T00:00:00Z'),
      new Date('2027-01-01T00:00:00Z'),
    ];
    const ending = async (text: string): Promise<string> => {
      const certificate = await leaf({ notBefore: new Date(0), notAfter: new Date(text) });
      return refusal('x509', [certificate, authority.intermediate.raw], { notAfterStart, notAfterLimit });
    };
    expect(await ending('2025-12-31T23:59:59Z')).toMatch(/want 2026-01-01T00:00:00.000Z or later/);
    expect(await ending('2026-01-01T00:00:00Z')).toBe('accepted');
    expect(await ending('2026-12-31T23:59:59Z')).toBe('accepted');
    expect(await ending('2027-01-01T00:00:00Z')).toMatch(/want before 2027-01-01T00:00:00.000Z/);
  });

  it('is refused with a critical extension that nobody here knows', async () => {
    const chain = [
      await leaf({ extensions: [codeSigning, extension('1.2.3', Uint8Array.of(5, 0), true)] }),
      authority.intermediate.raw,
    ];
    expect(refusal('x509', chain)).toMatch(/unknown critical extension 1\.2\.3/);
  });

  it('is refused when it is a CA', () => {
    expect(refusal('x509', [authority.intermediate.raw, authority.root.raw])).toMatch(/is a CA certificate/);
  });
});

describe('a chain', () => {
  it('is refused that leads to no root of the log', async () => {
    const stranger = await makeAuthority();
    const named = await issueCa(
      stranger.root,
      stranger.rootSigner,
      {
        subject: { organization: 'elsewhere', commonName: 'issuing' },
      },
      PrivateKeySigner.generate('P-256'),
    );
    const certificate = await signOddLeaf(named, PrivateKeySigner.generate('P-256'));
    expect(refusal('x509', [certificate])).toBe('the chain does not lead to a root of this log');
    // The name is that of a root, the key is not.
    expect(
      refusal('x509', [await signOddLeaf(stranger.intermediate, stranger.signer), stranger.intermediate.raw]),
    ).toMatch(/the chain does not hold/);
    expect(
      refusal('x509', [await signOddLeaf(stranger.root, stranger.rootSigner), stranger.root.raw]),
    ).toMatch(/the chain does not hold/);
  });

  it('is refused with a certificate in it that its next one did not sign', async () => {
    const stranger = await makeAuthority();
    const forged = await signOddLeaf(authority.intermediate, stranger.signer);
    expect(refusal('x509', [forged, authority.intermediate.raw])).toMatch(/signature does not verify/);
    expect(refusal('x509', [await leaf(), stranger.intermediate.raw, authority.root.raw])).toMatch(
      /does not hold/,
    );
  });

  it('is refused in another order, with one too many, or with a leaf alone', async () => {
    const { root, intermediate } = authority;
    const certificate = await leaf();
    for (const issuers of [
      [],
      [root.raw],
      [root.raw, intermediate.raw],
      [intermediate.raw, intermediate.raw],
      [certificate, intermediate.raw],
      [intermediate.raw, root.raw, root.raw],
    ]) {
      expect(refusal('x509', [certificate, ...issuers])).not.toBe('accepted');
    }
  });

  it('is refused with a certificate that only signs precertificates', async () => {
    const key = PrivateKeySigner.generate('P-256');
    const special = await issueCa(
      authority.root,
      authority.rootSigner,
      { extendedKeyUsages: [oids.codeSigning, oids.precertificateSigning] },
      key,
    );
    const precertificate = await signOddLeaf(special, key, { extensions: [codeSigning, poison] });
    expect(refusal('precertificate', [precertificate, special.raw])).toBe(
      'chain[1] is a precertificate signing certificate, which are not taken',
    );
  });

  it('is refused below a CA whose key is no key, though its CA signed it', async () => {
    const key = PrivateKeySigner.generate('P-256');
    const sound = await issueCa(authority.root, authority.rootSigner, {}, key);
    const broken = await resign(sound, authority.rootSigner, (tbs) =>
      replace(tbs, key.publicKey.spki, atInfinity(key.publicKey.spki)),
    );
    const certificate = await signOddLeaf(sound, key);
    expect(refusal('x509', [certificate, sound.raw])).toBe('accepted');
    expect(refusal('x509', [certificate, broken])).toMatch(/public key/);
  });

  it('is refused when it is longer than any CA needs', async () => {
    let [issuer, signer]: [Certificate, Signer] = [authority.root, authority.rootSigner];
    const chain: Uint8Array[] = [];
    const key = PrivateKeySigner.generate('P-256');
    const unlimited = await makeAuthority();
    [issuer, signer] = [unlimited.root, unlimited.rootSigner];
    for (let i = 0; i < 8; i++) {
      const ca = await issueCa(
        issuer,
        signer,
        { subject: { organization: 'deep', commonName: `${i}` } },
        key,
      );
      chain.unshift(ca.raw);
      [issuer, signer] = [ca, key];
    }
    const certificate = await signOddLeaf(issuer, key);
    expect(refusal('x509', [certificate, ...chain], {}, rootsOf(unlimited.root))).toMatch(/at most 8/);
  });
});

describe('bytes that are no certificate', () => {
  it('are refused, each cut, each trailing byte', async () => {
    const certificate = await leaf();
    const { raw } = authority.intermediate;
    for (let length = 0; length < certificate.length; length++) {
      expect(refusal('x509', [certificate.subarray(0, length), raw])).toMatch(/^chain\[0\] does not hold/);
    }
    expect(refusal('x509', [concatBytes(certificate, Uint8Array.of(0)), raw])).toMatch(
      /^chain\[0\] does not hold/,
    );
    expect(refusal('x509', [certificate, concatBytes(raw, Uint8Array.of(0))])).toMatch(
      /^chain\[1\] does not hold/,
    );
  });

  it('are refused with extensions without end, or too many', async () => {
    const huge = [codeSigning, extension('1.2.3', new Uint8Array(64 * 1024))];
    const many = Array.from({ length: 70 }, (_, i) => extension(`1.2.3.${i}`, Uint8Array.of(5, 0)));
    expect(refusal('x509', [await leaf({ extensions: huge }), authority.intermediate.raw])).toMatch(
      /at most 65536/,
    );
    expect(refusal('x509', [await leaf({ extensions: many }), authority.intermediate.raw])).toMatch(
      /more than 64/,
    );
  });

  it('are refused when nested without end', async () => {
    let deep = derSequence();
    for (let i = 0; i < 5_000; i++) deep = derSequence(deep);
    const { raw } = authority.intermediate;
    expect(refusal('x509', [deep, raw])).toMatch(/^chain\[0\] does not hold/);
    expect(refusal('x509', [await leaf({ spki: deep }), raw])).toMatch(/^chain\[0\] does not hold/);
    expect(refusal('x509', [await leaf({ issuerName: deep }), raw])).toMatch(/^chain\[0\] does not hold/);
    expect(refusal('x509', [await leaf({ extensions: [extension('2.5.29.17', deep)] }), raw])).toMatch(
      /^chain\[0\] does not hold/,
    );
    // What nobody reads may be whatever it likes.
    expect(
      refusal('x509', [
        await leaf({ extensions: [codeSigning, extension('1.2.3', derOctetString(deep))] }),
        raw,
      ]),
    ).toBe('accepted');
  });
});

/** An intermediate below a root of the authority. */
async function issueCa(
  issuer: Certificate,
  signer: Signer,
  profile: Partial<CaProfile>,
  key: Signer = PrivateKeySigner.generate('P-256'),
): Promise<Certificate> {
  const tbs = encodeCaCertificate({
    serialNumber: Uint8Array.of(7),
    subject: { organization: 'sigstead test', commonName: 'other' },
    publicKey: key.publicKey,
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2036-01-01'),
    issuer,
    ...profile,
  });
  return Certificate.parse(await signTbs(tbs, signer));
}

/** SubjectPublicKeyInfo whose point is the single octet 00, which some libraries take for the point at infinity. */
function atInfinity(spki: Uint8Array): Uint8Array {
  const algorithm = spki.subarray(2, 2 + 21);
  return derSequence(algorithm, Uint8Array.of(3, 2, 0, 0));
}

/** DER of a certificate with a changed TBSCertificate, truly signed. */
async function resign(
  certificate: Certificate,
  signer: Signer,
  change: (content: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  const header = certificate.tbs[1] === 0x82 ? 4 : 3;
  return signTbs(derSequence(change(certificate.tbs.subarray(header))), signer);
}

function replace(bytes: Uint8Array, part: Uint8Array, by: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(part);
  if (at < 0) throw new Error('not there');
  return concatBytes(bytes.subarray(0, at), by, bytes.subarray(at + part.length));
}
