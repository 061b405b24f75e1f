import { sha256 } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { serializeBundle, type Bundle } from '@sigstead/bundle';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bundleCandidate, claimedKind } from './candidate.ts';
import { VerificationError } from './errors.ts';
import { compilePolicy } from './policy.ts';
import { signArtifact, signStatement, statementAbout } from './testonly/bundles.ts';
import { IDENTITY, ISSUER, MiniSigstore, NOW } from './testonly/mini-sigstore.ts';
import type { Trust } from './trust-roots.ts';
import { judgeSignature } from './verify-signature.ts';
import { verifyBundle } from './verify-bundle.ts';

const content = encodeUtf8('a release archive');
const artifact = { algorithm: 'sha256', digest: sha256(content) } as const;
const policy = compilePolicy({ identity: IDENTITY, issuer: ISSUER });

describe('several trusted roots', () => {
  let own: MiniSigstore;
  let other: MiniSigstore;
  let bundle: Bundle;
  beforeAll(async () => {
    [own, other] = [await MiniSigstore.create(), await MiniSigstore.create()];
    bundle = await signArtifact(own, content, { timestamped: true });
  });
  const roots = (...all: MiniSigstore[]): Trust =>
    all.map(({ trustedRoot }, at) => ({ name: `root ${at}`, trustedRoot }));
  const verify = (trust: Trust, given = bundle): ReturnType<typeof verifyBundle> =>
    verifyBundle(given, artifact, trust, policy, NOW);

  it('are tried one by one, and the one that verifies is named', () => {
    expect(verify(roots(other, own))).toMatchObject({ verified: true, trustRoot: 'root 1' });
    expect(verify(roots(own, other))).toMatchObject({ verified: true, trustRoot: 'root 0' });
    expect(verify(own.trustedRoot)).not.toHaveProperty('trustRoot');
    const signature = judgeSignature(
      bundleCandidate(serializeBundle(bundle), 'file'),
      artifact,
      roots(other, own),
      policy,
      { now: NOW },
    ).signature;
    expect(signature).toMatchObject({ trustRoot: 'root 1', source: 'file' });
  });

  it('are never one: the certificate of one does not go with the log of the other', () => {
    const { tlogs, timestampAuthorities, ...rest } = own.trustedRoot;
    const halves = [
      { name: 'authority', trustedRoot: { ...rest, tlogs: other.trustedRoot.tlogs, timestampAuthorities } },
      {
        name: 'log',
        trustedRoot: { ...other.trustedRoot, tlogs, timestampAuthorities },
      },
    ];
    expect(verify(halves).verified).toBe(false);
  });

  it('that are none verify nothing', () => {
    const { verified, steps } = verify([]);
    expect(verified).toBe(false);
    expect(steps.map(({ outcome }) => outcome)).toEqual(['failed', ...Array(5).fill('skipped'), 'failed']);
  });
});

describe('candidates from bundles', () => {
  it('tell what they claim to be, before anything is verified', async () => {
    const sigstore = await MiniSigstore.create();
    const kindOf = (made: Bundle): string => claimedKind(bundleCandidate(serializeBundle(made), 'file'));
    const image = statementAbout(artifact.digest, 'https://sigstore.dev/cosign/sign/v1');
    expect(kindOf(await signArtifact(sigstore, content))).toBe('signature');
    expect(kindOf(await signStatement(sigstore, image))).toBe('signature');
    expect(kindOf(await signStatement(sigstore, statementAbout(artifact.digest)))).toBe('attestation');
    expect(kindOf(await signStatement(sigstore, {}))).toBe('unknown');
  });

  it.each(['', '{}', '[]', '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}'])(
    'keep %j in the list with its reason',
    (text) => {
      const candidate = bundleCandidate(text, 'referrer');
      expect(candidate.evidence).toBeInstanceOf(VerificationError);
      expect(candidate.evidence).toMatchObject({ code: 'EVIDENCE_MALFORMED' });
      expect(claimedKind(candidate)).toBe('unknown');
    },
  );
});
