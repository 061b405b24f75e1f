import { describe, expect, it } from '@jest/globals';
import { parseBundle, type TransparencyLogEntry } from '@sigstead/bundle';
import { parseTrustedRoot } from '@sigstead/trust';
import {
  evidenceFromBundle,
  VerificationError,
  type SignatureCandidate,
  type SignatureEvidence,
} from '@sigstead/verification';
import { completeWithProofs, type ProofSource } from './complete-with-proofs.ts';
import { hasVectors, readBundle, readPublicGoodRoot } from './testonly/vectors.ts';

(hasVectors ? describe : describe.skip)('signatures without proofs', () => {
  const trust = hasVectors ? parseTrustedRoot(readPublicGoodRoot()) : [];
  const whole = (name: string) => evidenceFromBundle(parseBundle(readBundle(name)));
  const signal = new AbortController().signal;

  /** As a `.sig` layer has it: the promise of the log alone. */
  function withoutProof(evidence: SignatureEvidence): SignatureCandidate {
    const logEntries = evidence.logEntries.map(({ inclusionProof: _, ...entry }) => entry);
    return { source: 'a layer', evidence: { ...evidence, logEntries } };
  }

  function sourceOf(answer: Awaited<ReturnType<ProofSource['find']>>) {
    const asked: TransparencyLogEntry[] = [];
    const find: ProofSource['find'] = async (entry) => {
      asked.push(entry);
      return answer;
    };
    return { asked, find };
  }

  it('get those of the log', async () => {
    const evidence = whole('happy-path-v0.3');
    const proof = evidence.logEntries[0]?.inclusionProof;
    if (proof === undefined) throw new Error('the case has a proof');
    const [completed] = await completeWithProofs(
      [withoutProof(evidence)],
      trust,
      sourceOf({ proof }),
      signal,
    );
    expect(completed).toEqual({ source: 'a layer', evidence });
  });

  it('get the reason why there is none', async () => {
    const [completed] = await completeWithProofs(
      [withoutProof(whole('happy-path-v0.3'))],
      trust,
      sourceOf({ missing: 'nobody is there' }),
      signal,
    );
    expect(completed?.evidence).toMatchObject({ proofMissing: 'nobody is there' });
  });

  it('are not worth a question when the promise does not hold, or a proof is there, or nothing can be read', async () => {
    const source = sourceOf({ missing: 'nobody is there' });
    const refused = withoutProof(whole('set-invalid-signature_fail'));
    const proved = { source: 'a bundle', evidence: whole('happy-path-v0.3') };
    const unreadable = { source: 'a layer', evidence: new VerificationError('EVIDENCE_MALFORMED', 'no') };
    const candidates = [refused, proved, unreadable];
    expect(await completeWithProofs(candidates, trust, source, signal)).toEqual(candidates);
    expect(source.asked).toEqual([]);
  });
});
