import { expect, it } from '@jest/globals';
import { parseImageReference } from '@sigstead/oci';
import { compileImagePolicy, verifyImagePolicy } from '@sigstead/verification';
import { readImagePolicyDocument } from '@sigstead/verification/policy-documents';
import { NO_ROOT } from '../evidence/key-alone.ts';
import { describePolicyVerdict, policyFindings } from './policy-findings.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const BY_TAG = parseImageReference('registry.example/app:v1');
const BY_DIGEST = BY_TAG.withDigest(DIGEST);

/** An image that nobody signed, under a policy. */
function judge(spec: object) {
  const policy = compileImagePolicy(
    readImagePolicyDocument({
      apiVersion: 'sigstead.dev/v1',
      kind: 'ImagePolicy',
      metadata: { name: 'release' },
      spec: { images: ['**'], signers: [{ name: 'ci', identity: 'a@b', issuer: 'https://i' }], ...spec },
    }),
  );
  const image = { image: 'registry.example/app:v1', digest: DIGEST, signatures: [] };
  return { policy, verdict: verifyImagePolicy(image, NO_ROOT, policy, { now: new Date() }) };
}

it('refuses what is not met, and a tag, which can be moved', () => {
  const { policy, verdict } = judge({});
  const { refusals, warnings } = policyFindings(policy, verdict, BY_TAG);
  expect(refusals).toEqual([
    expect.stringContaining('signed by none'),
    expect.stringContaining(`name the image by digest, now registry.example/app@${DIGEST}`),
  ]);
  expect(warnings).toEqual([]);
  expect(policyFindings(policy, verdict, BY_DIGEST).refusals).toHaveLength(1);
});

it('only says so where the policy only warns', () => {
  const { policy, verdict } = judge({ mode: 'warn' });
  const findings = policyFindings(policy, verdict, BY_TAG);
  expect([findings.refusals, findings.warnings.length]).toEqual([[], 2]);
  const text = describePolicyVerdict(verdict, findings);
  expect(text).toContain('NOT VERIFIED, not enforced  by the policy release');
});

it('warns of a tag, or lets it be, as the policy says', () => {
  const lenient = judge({ tags: 'warn' });
  const findings = policyFindings(lenient.policy, lenient.verdict, BY_TAG);
  expect([findings.refusals.length, findings.warnings.length]).toEqual([1, 1]);
  const free = judge({ tags: 'allow' });
  expect(policyFindings(free.policy, free.verdict, BY_TAG).warnings).toEqual([]);
});
