import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decodeBase64, decodePem, decodeUtf8, encodeHex } from '@sigstead/encoding';
import { PublicKey } from '@sigstead/crypto';
import { Certificate } from './certificate.ts';
import { verifyChain } from './chain.ts';
import { readFulcioExtensions } from './fulcio-extensions.ts';
import { encodeLeafTbs } from './leaf.ts';
import { describeName } from './name.ts';
import { oids } from './oids.ts';
import { precertificateTbs, verifyEmbeddedSct } from './precertificate.ts';
import { embeddedScts, sctListExtension } from './sct.ts';
import { vectorsFolder } from './testonly/vectors.ts';

interface RootJson {
  certificateAuthorities: { certChain: { certificates: { rawBytes: string }[] } }[];
  timestampAuthorities: { certChain: { certificates: { rawBytes: string }[] } }[];
  ctlogs: { publicKey: { rawBytes: string; keyDetails: string } }[];
}

interface BundleJson {
  verificationMaterial?: {
    certificate?: { rawBytes: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
  };
}

const publicGood = vectorsFolder('sigstore-public-good');
const conformance = vectorsFolder('sigstore-conformance');
const timestamps = vectorsFolder('rfc3161');

const parseChain = (chain: { certificates: { rawBytes: string }[] }): Certificate[] =>
  chain.certificates.map(({ rawBytes }) => Certificate.parse(decodeBase64(rawBytes)));

function readRoot(path: string): RootJson {
  return JSON.parse(readFileSync(path, 'utf8')) as RootJson;
}

function logKeys(root: RootJson): PublicKey[] {
  return root.ctlogs
    .filter(({ publicKey }) => publicKey.keyDetails.startsWith('PKIX'))
    .map(({ publicKey }) => PublicKey.fromSpki(decodeBase64(publicKey.rawBytes)));
}

/** Distinct end-entity certificates of the bundles, with the folder of one of them. */
function leaves(): { name: string; certificate: Certificate }[] {
  if (conformance === undefined) return [];
  const folder = join(conformance, 'bundle-verify');
  const found = new Map<string, { name: string; certificate: Certificate }>();
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    const text = readFileSync(join(folder, name, 'bundle.sigstore.json'), 'utf8');
    if (name === 'bundle-malformed-json_fail') continue;
    const material = (JSON.parse(text) as BundleJson).verificationMaterial;
    const all = material?.certificate
      ? [material.certificate]
      : (material?.x509CertificateChain?.certificates ?? []);
    for (const { rawBytes } of all) {
      const certificate = Certificate.parse(decodeBase64(rawBytes));
      if (!certificate.isCa) found.set(rawBytes, { name, certificate });
    }
  }
  return [...found.values()];
}

if (publicGood === undefined || conformance === undefined) {
  it.skip('real certificates: no vectors at SIGSTEAD_VECTORS', () => undefined);
} else {
  describe('real certificates', () => realCertificates(publicGood, conformance));
}

function realCertificates(publicGoodFolder: string, conformanceFolder: string): void {
  const root = readRoot(join(publicGoodFolder, 'trusted_root.json'));
  const authorities = root.certificateAuthorities.map(({ certChain }) => parseChain(certChain));
  const current = authorities[1] ?? [];
  const isPublicGood = ({ certificate }: { certificate: Certificate }): boolean =>
    encodeHex(certificate.authorityKeyIdentifier ?? new Uint8Array()) ===
    encodeHex(current[0]?.subjectKeyIdentifier ?? new Uint8Array());
  const signed = leaves().filter(isPublicGood);

  it('finds leaves of the public instance in the conformance corpus', () => {
    expect(signed.length).toBeGreaterThanOrEqual(8);
  });

  it('describes the CAs of the public instance', () => {
    expect(authorities.flat().map(({ subject }) => describeName(subject))).toEqual([
      'O=sigstore.dev, CN=sigstore',
      'O=sigstore.dev, CN=sigstore-intermediate',
      'O=sigstore.dev, CN=sigstore',
    ]);
  });

  it.each(signed)('verifies the chain of $name', ({ certificate }) => {
    const path = verifyChain(certificate, current, certificate.notBefore, {
      extendedKeyUsage: oids.codeSigning,
    });
    expect(path).toHaveLength(3);
    expect(path[2]).toBe(current[1]);
  });

  it.each(signed)(
    'verifies the SCT of $name with the public log keys and with no other CA',
    ({ certificate }) => {
      const [issuer, other] = current as [Certificate, Certificate];
      const [sct, ...rest] = embeddedScts(certificate);
      expect(rest).toHaveLength(0);
      const key = logKeys(root).find(
        ({ keyId }) => encodeHex(keyId) === encodeHex(sct?.logId ?? new Uint8Array()),
      );
      if (sct === undefined || key === undefined) throw new Error('SCT of an unknown log');
      expect(() => verifyEmbeddedSct(certificate, issuer, sct, key)).not.toThrow();
      expect(() => verifyEmbeddedSct(certificate, other, sct, key)).toThrow(/SCT signature does not verify/);
    },
  );

  it.each(signed)(
    'writes the TBSCertificate of $name again from its fields, byte for byte',
    ({ certificate }) => {
      const [issuer] = current as [Certificate];
      const [subjectAlternativeName] = certificate.subjectAlternativeNames;
      if (subjectAlternativeName === undefined) throw new Error('no alternative name');
      const tbs = encodeLeafTbs(
        {
          serialNumber: certificate.serialNumber,
          issuer,
          notBefore: certificate.notBefore,
          notAfter: certificate.notAfter,
          publicKey: certificate.publicKey,
          subjectAlternativeName,
          claims: { issuer: '', ...readFulcioExtensions(certificate) },
        },
        sctListExtension(embeddedScts(certificate)),
      );
      expect(encodeHex(tbs)).toBe(encodeHex(certificate.tbs));
    },
  );

  it('verifies the roots and timestamp chains of every trusted root in the corpus', () => {
    const folder = join(conformanceFolder, 'bundle-verify');
    let chains = 0;
    for (const name of readdirSync(folder)) {
      let other: RootJson;
      try {
        other = readRoot(join(folder, name, 'trusted_root.json'));
      } catch {
        continue;
      }
      for (const { certChain } of other.timestampAuthorities ?? []) {
        const chain = parseChain(certChain);
        const [leaf] = chain as [Certificate];
        const at = new Date(Math.max(...chain.map(({ notBefore }) => notBefore.getTime())));
        expect(verifyChain(leaf, chain, at, { extendedKeyUsage: oids.timeStamping })).toHaveLength(
          chain.length,
        );
        chains++;
      }
      for (const { certChain } of other.certificateAuthorities) {
        for (const { publicKey } of parseChain(certChain)) expect(publicKey.keyId).toHaveLength(32);
      }
    }
    expect(chains).toBeGreaterThan(30);
  });

  it('verifies chains and SCTs of other instances with their own trusted roots', () => {
    const folder = join(conformanceFolder, 'bundle-verify');
    const verified: string[] = [];
    for (const { name, certificate } of leaves()) {
      if (isPublicGood({ certificate }) || name.endsWith('_fail')) continue;
      const own = readRoot(join(folder, name, 'trusted_root.json'));
      for (const { certChain } of own.certificateAuthorities) {
        const path = verifyChain(certificate, parseChain(certChain), certificate.notAfter, {
          extendedKeyUsage: oids.codeSigning,
        });
        for (const sct of embeddedScts(certificate)) {
          const key = logKeys(own).find(({ keyId }) => encodeHex(keyId) === encodeHex(sct.logId));
          if (key === undefined) throw new Error(`${name}: SCT of an unknown log`);
          verifyEmbeddedSct(certificate, path[1] as Certificate, sct, key);
          verified.push(name);
        }
      }
    }
    expect(verified).toContain('bundle-with-sct-with-extensions');
    expect(verified).toContain('intoto-with-custom-trust-root');
  });

  it('carries the extensions of a static log through', () => {
    const bundle = leaves().find(({ name }) => name === 'bundle-with-sct-with-extensions');
    const [sct] = embeddedScts(bundle?.certificate as Certificate);
    expect(encodeHex(sct?.extensions ?? new Uint8Array())).toMatch(/^000005[0-9a-f]{10}$/);
    expect(precertificateTbs(bundle?.certificate as Certificate, 'certificate').length).toBeGreaterThan(500);
  });
}

if (timestamps === undefined) {
  it.skip('certificates of timestamp authorities: no vectors at SIGSTEAD_VECTORS', () => undefined);
} else {
  it.each(['identrust', 'sigstage', 'sigstore.mock', 'test_tsa'])('parses the chain of %s', (name) => {
    const bytes = new Uint8Array(readFileSync(join(timestamps, name, 'ts_chain.pem')));
    // One of the files is DER, whatever its name says.
    const chain = bytes[0] === 0x30 ? [bytes] : decodePem(decodeUtf8(bytes)).map((block) => block.bytes);
    for (const der of chain) {
      const certificate = Certificate.parse(der);
      expect(encodeHex(certificate.raw)).toBe(encodeHex(der));
      expect(certificate.publicKey.type).toMatch(/^(RSA|P-)/);
    }
  });
}
