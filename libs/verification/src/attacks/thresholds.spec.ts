import type { Bundle, TransparencyLogEntry } from '@sigstead/bundle';
import { canonicalHashedRekordV002 } from '@sigstead/tlog';
import type { TransparencyLogInstance, TrustedRoot } from '@sigstead/trust';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { VerificationOptions } from '../steps/context.ts';
import { signArtifact } from '../testonly/bundles.ts';
import { MiniLogV2 } from '../testonly/mini-log-v2.ts';
import { MiniSigstore, NOW, SIGNED } from '../testonly/mini-sigstore.ts';
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

// A threshold that one party meets alone (CVE-2026-49834).
describe('a threshold of two', () => {
  let sigstore: MiniSigstore;
  let bundle: Bundle;
  let entry: TransparencyLogEntry;
  /** Another log, with another key and tree. */
  const shard = new MiniLogV2('log2027-1.sigstead.test');
  let again: TransparencyLogEntry;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    bundle = await signArtifact(sigstore, CONTENT, { log: 'rekor-v2' });
    entry = firstEntry(bundle);
    again = await shard.add(bodyOf(bundle));
  });

  const judge = (
    given: Bundle,
    options: Omit<VerificationOptions, 'now'>,
    trustedRoot: TrustedRoot = sigstore.trustedRoot,
  ): string => outcomeOf(verifyBundle(given, ARTIFACT, trustedRoot, KEYLESS, NOW, options));
  const both = (): Bundle => withMaterial(bundle, { tlogEntries: [entry, again] });
  const withShard = (
    own: Partial<TransparencyLogInstance>,
    other: Partial<TransparencyLogInstance>,
  ): TrustedRoot => {
    const [v1, v2] = sigstore.trustedRoot.tlogs as [TransparencyLogInstance, TransparencyLogInstance];
    const second = {
      ...v2,
      key: shard.signer.publicKey,
      logId: shard.note.keyId,
      baseUrl: `https://${shard.origin}`,
    };
    return { ...sigstore.trustedRoot, tlogs: [v1, { ...v2, ...own }, { ...second, ...other }] };
  };

  describe('logs', () => {
    const two = { logThreshold: 2 };

    it('is met by logs of two operators', () => {
      expect(judge(both(), two, withShard({}, {}))).toBe('verified');
      const named = withShard({ operator: 'acme.test' }, { operator: 'other.test' });
      expect(judge(both(), two, named)).toBe('verified');
    });

    it('is not met by one entry, however often it is there', () => {
      expect(judge(bundle, two)).toBe('LOG_ENTRY_MISSING');
      expect(judge(withMaterial(bundle, { tlogEntries: [entry, entry] }), two)).toBe('LOG_ENTRY_REPEATED');
      const moved = { ...entry, logIndex: entry.logIndex + 1n };
      expect(judge(withMaterial(bundle, { tlogEntries: [entry, moved] }), two)).toBe('LOG_ENTRY_REPEATED');
    });

    it('is not met by one log that took it twice', async () => {
      const twice = await sigstore.logV2.add(entry.canonicalizedBody);
      expect(judge(withMaterial(bundle, { tlogEntries: [entry, twice] }), two)).toBe('LOG_ENTRY_REPEATED');
    });

    it('is not met by two keys of one log, nor by two logs of one operator', () => {
      const operator = 'acme.test';
      expect(judge(both(), two, withShard({ operator }, { operator }))).toBe('LOG_ENTRY_MISSING');
      const byKeys = withShard({ operator }, {});
      const sameUrl = byKeys.tlogs.map((log) => ({ ...log, baseUrl: `https://${shard.origin}` }));
      expect(judge(both(), two, { ...byKeys, tlogs: sameUrl })).toBe('LOG_ENTRY_MISSING');
    });

    it('is not met by an entry of a log nobody knows', () => {
      expect(judge(both(), two)).toBe('LOG_ENTRY_MISSING');
    });
  });

  describe('timestamp authorities', () => {
    const two = { timestampThreshold: 2 };
    let other: MiniTimestampAuthority;
    let stamped: Bundle;
    beforeAll(async () => {
      other = await MiniTimestampAuthority.create('other');
      const own = bundle.verificationMaterial.rfc3161Timestamps;
      stamped = withMaterial(bundle, {
        rfc3161Timestamps: [...own, await other.timestamp(signatureOf(bundle), SIGNED)],
      });
    });
    const trusting = (operators: { own?: string; other?: string }): TrustedRoot => ({
      ...sigstore.trustedRoot,
      timestampAuthorities: [
        {
          ...sigstore.timestampAuthority.authority,
          ...(operators.own !== undefined && { operator: operators.own }),
        },
        { ...other.authority, ...(operators.other !== undefined && { operator: operators.other }) },
      ],
    });

    it('is met by authorities of two operators', () => {
      expect(judge(stamped, two, trusting({}))).toBe('verified');
      expect(judge(stamped, two, trusting({ own: 'acme.test', other: 'other.test' }))).toBe('verified');
    });

    it('is not met by one authority, nor by two of one operator', async () => {
      const own = [...bundle.verificationMaterial.rfc3161Timestamps];
      expect(judge(bundle, two)).toBe('TIMESTAMP_MISSING');
      const twice = withMaterial(bundle, { rfc3161Timestamps: [...own, ...own] });
      expect(judge(twice, two)).toBe('TIMESTAMP_REPEATED');
      expect(judge(twice, {})).toBe('TIMESTAMP_REPEATED');
      own.push(await sigstore.timestampAuthority.timestamp(signatureOf(bundle), SIGNED));
      expect(judge(withMaterial(bundle, { rfc3161Timestamps: own }), two)).toBe('TIMESTAMP_MISSING');
      expect(judge(stamped, two, trusting({ own: 'acme.test', other: 'acme.test' }))).toBe(
        'TIMESTAMP_MISSING',
      );
    });
  });

  /** What another log would have of the same signature. */
  function bodyOf(signed: Bundle): Uint8Array {
    const { key } = signed.verificationMaterial;
    if (key.kind !== 'certificate' || key.certificates[0] === undefined) throw new Error('no certificate');
    return canonicalHashedRekordV002({
      algorithm: { name: 'PKIX_ECDSA_P256_SHA_256', hash: 'sha256' },
      digest: ARTIFACT.digest,
      signature: signatureOf(signed),
      verifier: { form: 'x509Certificate', rawBytes: key.certificates[0] },
    });
  }
});
