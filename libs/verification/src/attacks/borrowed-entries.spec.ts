import type { Bundle } from '@sigstead/bundle';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../policy.ts';
import { signArtifact, signStatement, statementAbout } from '../testonly/bundles.ts';
import { MiniSigstore, NOW } from '../testonly/mini-sigstore.ts';
import { ARTIFACT, CONTENT, firstEntry, KEYLESS, outcomeOf, withMaterial } from '../testonly/outcome.ts';
import { verifyBundle } from '../verify-bundle.ts';

// A log entry that is genuine and about something else (CVE-2022-36056, CVE-2024-53267, CVE-2026-22703), or one of several that are
// chosen by whoever sends them (CVE-2024-51746).
describe.each(['rekor-v1', 'rekor-v2'] as const)('a genuine entry of %s', (log) => {
  const signer = PrivateKeySigner.generate('P-256');
  let sigstore: MiniSigstore;
  let bundle: Bundle;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    bundle = await signArtifact(sigstore, CONTENT, { log, signer, timestamped: true });
  });
  const judge = (given: Bundle, policy = KEYLESS): string =>
    outcomeOf(verifyBundle(given, ARTIFACT, sigstore.trustedRoot, policy, NOW));
  const borrowed = async (other: Bundle): Promise<string> =>
    judge(withMaterial(bundle, { tlogEntries: [firstEntry(other)] }));

  it('does not stand for another artifact of the same signer', async () => {
    expect(judge(bundle)).toBe('verified');
    expect(await borrowed(await signArtifact(sigstore, encodeUtf8('another'), { log, signer }))).toBe(
      'BODY_HASH',
    );
  });

  it('does not stand for another signature of the same artifact by the same key', async () => {
    expect(await borrowed(await signArtifact(sigstore, CONTENT, { log, signer }))).toBe('BODY_SIGNATURE');
  });

  it('does not stand for the signature of somebody else', async () => {
    expect(await borrowed(await signArtifact(sigstore, CONTENT, { log }))).toBe('BODY_SIGNATURE');
  });

  it('does not stand for another certificate of the same key, nor for the bare key', async () => {
    const certificates = [await sigstore.issue(signer.publicKey)];
    expect(judge(withMaterial(bundle, { key: { kind: 'certificate', certificates } }))).toBe('BODY_KEY');
    const managed = compilePolicy({ key: signer.publicKey.toPem() });
    expect(judge(withMaterial(bundle, { key: { kind: 'publicKey', hint: '' } }), managed)).toBe('BODY_KEY');
  });

  it('does not stand for a statement about the artifact, nor the other way round', async () => {
    const statement = await signStatement(sigstore, statementAbout(ARTIFACT.digest), { log, signer });
    expect(await borrowed(statement)).toBe(log === 'rekor-v1' ? 'UNSUPPORTED' : 'BODY_HASH');
    expect(judge(withMaterial(statement, { tlogEntries: [firstEntry(bundle)] }))).toBe('BODY_HASH');
  });

  it('does not make up for one that is about something else: every entry of a known log counts', async () => {
    const other = firstEntry(await signArtifact(sigstore, encodeUtf8('another'), { log, signer }));
    const own = firstEntry(bundle);
    expect(judge(withMaterial(bundle, { tlogEntries: [own, other] }))).toBe('BODY_HASH');
    expect(judge(withMaterial(bundle, { tlogEntries: [other, own] }))).toBe('BODY_HASH');
  });

  it('does not lend its proof to an entry that need not be logged at all', async () => {
    const other = await signArtifact(sigstore, CONTENT, { log, timestamped: true });
    const { inclusionProof, logIndex } = firstEntry(bundle);
    if (inclusionProof === undefined) throw new Error('no proof');
    const entry = { ...firstEntry(other), inclusionProof, ...(log === 'rekor-v2' && { logIndex }) };
    expect(judge(withMaterial(other, { tlogEntries: [entry] }))).toBe('INCLUSION_PROOF_INVALID');
  });
});
