import type { Bundle } from '@sigstead/bundle';
import type { CertificateAuthority, TransparencyLogInstance, TrustedRoot, Validity } from '@sigstead/trust';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { signArtifact, type BundleOptions } from '../testonly/bundles.ts';
import { DAY, ISSUED, MiniSigstore, NOW, SIGNED } from '../testonly/mini-sigstore.ts';
import { MiniTimestampAuthority } from '../testonly/mini-timestamp-authority.ts';
import {
  ARTIFACT,
  CONTENT,
  firstEntry,
  KEYLESS,
  outcomeOf,
  signatureOf,
  withMaterial,
} from '../testonly/outcome.ts';
import { verifyBundle } from '../verify-bundle.ts';

const FORMS: readonly BundleOptions[] = [
  { log: 'rekor-v1' },
  { log: 'rekor-v1', timestamped: true },
  { log: 'rekor-v2' },
];

describe('trust', () => {
  let sigstore: MiniSigstore;
  let bundles: Bundle[];
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    bundles = await Promise.all(FORMS.map((form) => signArtifact(sigstore, CONTENT, form)));
  });
  const judge = (bundle: Bundle, trustedRoot: TrustedRoot = sigstore.trustedRoot, logThreshold = 1): string =>
    outcomeOf(verifyBundle(bundle, ARTIFACT, trustedRoot, KEYLESS, NOW, { logThreshold }));

  // Anchors taken from what they should check (CVE-2023-47122).
  describe('comes from the trusted root alone', () => {
    it('and not from the chain in the bundle', async () => {
      const stranger = await MiniSigstore.create();
      const [signed] = bundles as [Bundle];
      const foreign = await signArtifact(stranger, CONTENT);
      const { key } = foreign.verificationMaterial;
      if (key.kind !== 'certificate') throw new Error('no certificate');
      const chain = [...key.certificates, stranger.intermediate.raw];
      const brought: Bundle = {
        ...withMaterial(foreign, { key: { kind: 'certificate', certificates: chain } }),
        version: '0.2',
      };
      expect(judge(signed)).toBe('verified');
      expect(judge(brought)).toBe('CHAIN_UNTRUSTED');
    });

    it('and not from the certificates in a timestamp', async () => {
      const stranger = await MiniTimestampAuthority.create('tsa');
      const [signed] = bundles as [Bundle];
      for (const embedded of [true, false]) {
        const rfc3161Timestamps = [await stranger.timestamp(signatureOf(signed), SIGNED, embedded)];
        expect(judge(withMaterial(signed, { rfc3161Timestamps }))).toBe('TIMESTAMP_UNTRUSTED');
      }
    });

    it('and not from a key that says it is the log’s', async () => {
      const stranger = await MiniSigstore.create();
      for (const form of FORMS) {
        const foreign = await signArtifact(stranger, CONTENT, form);
        const [v1, v2] = sigstore.trustedRoot.tlogs as [TransparencyLogInstance, TransparencyLogInstance];
        const logId = form.log === 'rekor-v1' ? v1.logId : v2.logId;
        const entry = { ...firstEntry(foreign), logId };
        const root = { ...stranger.trustedRoot, tlogs: sigstore.trustedRoot.tlogs };
        expect(judge(withMaterial(foreign, { tlogEntries: [entry] }), root)).toBe(
          form.log === 'rekor-v1' ? 'SET_INVALID' : 'CHECKPOINT_INVALID',
        );
      }
    });
  });

  // Windows that nobody looked at (CVE-2026-54787).
  describe('lasts as long as the trusted root says, both ends included', () => {
    const within = (what: keyof TrustedRoot, validFor: Validity): TrustedRoot => ({
      ...sigstore.trustedRoot,
      [what]: (sigstore.trustedRoot[what] as readonly (CertificateAuthority | TransparencyLogInstance)[]).map(
        (one) => ({ ...one, validFor }),
      ),
    });
    it.each<[keyof TrustedRoot, Date, string]>([
      ['tlogs', SIGNED, 'LOG_NOT_VALID'],
      ['ctlogs', ISSUED, 'SCT_INVALID'],
      ['certificateAuthorities', SIGNED, 'CHAIN_UNTRUSTED'],
      ['timestampAuthorities', SIGNED, 'TIMESTAMP_UNTRUSTED'],
    ])('for %s', (what, moment, code) => {
      const [before, after] = [new Date(moment.getTime() - 1000), new Date(moment.getTime() + 1000)];
      for (const bundle of bundles) {
        const isUsed =
          what !== 'timestampAuthorities' || bundle.verificationMaterial.rfc3161Timestamps.length > 0;
        expect(judge(bundle, within(what, { start: moment, end: moment }))).toBe('verified');
        expect(judge(bundle, within(what, { start: after }))).toBe(isUsed ? code : 'verified');
        expect(judge(bundle, within(what, { end: before, start: new Date(0) }))).toBe(
          isUsed ? code : 'verified',
        );
      }
    });
  });

  // A CA certificate that had expired, accepted where no log entry was asked for (CVE-2026-24122).
  it('in a CA certificate ends with it, whether or not a log entry is asked for', async () => {
    const { notAfter } = sigstore.intermediate;
    const authority = await MiniTimestampAuthority.create('lasting', new Date(notAfter.getTime() + DAY));
    const trustedRoot = { ...sigstore.trustedRoot, timestampAuthorities: [authority.authority] };
    const signedAt = async (at: Date): Promise<string[]> => {
      const bundle = await signArtifact(sigstore, CONTENT, { notBefore: at, integratedAt: at });
      const rfc3161Timestamps = [await authority.timestamp(signatureOf(bundle), at)];
      const now = new Date(at.getTime() + DAY);
      return [
        verifyBundle(bundle, ARTIFACT, trustedRoot, KEYLESS, now),
        verifyBundle(
          withMaterial(bundle, { tlogEntries: [], rfc3161Timestamps }),
          ARTIFACT,
          trustedRoot,
          KEYLESS,
          now,
          {
            logThreshold: 0,
          },
        ),
      ].map(outcomeOf);
    };
    expect(await signedAt(new Date(notAfter.getTime() - 1000))).toEqual(['verified', 'verified']);
    expect(await signedAt(new Date(notAfter.getTime() + 1000))).toEqual([
      'CHAIN_UNTRUSTED',
      'CHAIN_UNTRUSTED',
    ]);
  });

  // A time that is nobody's word (integratedTime without promise, Rekor v2 without timestamp).
  it('in a time needs somebody who signed it', () => {
    for (const bundle of bundles) {
      const { inclusionPromise: _, ...entry } = firstEntry(bundle);
      const bare = withMaterial(bundle, { tlogEntries: [entry], rfc3161Timestamps: [] });
      expect(judge(bare)).toBe('TIME_MISSING');
    }
  });
});
