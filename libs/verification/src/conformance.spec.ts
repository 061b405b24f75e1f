import { BundleError, parseBundle } from '@sigstead/bundle';
import { parseTrustedRoot, TrustError } from '@sigstead/trust';
import { describe, expect, it } from '@jest/globals';
import { PolicyError } from './errors.ts';
import { compilePolicy } from './policy.ts';
import {
  artifactBy,
  CONFORMANCE_NOW,
  conformanceCases,
  readConformanceCase,
} from './testonly/conformance.ts';
import { verifyBundle } from './verify-bundle.ts';

/** Each broken in one way, with the code that names it (B, T, P: refused while bundle, trusted root or key is read). */
const REFUSED: Readonly<Record<string, string>> = {
  'bundle-empty-certificate-chain_fail': 'B MISSING',
  'bundle-from-wrong-instance_fail': 'CHAIN_UNTRUSTED',
  'bundle-invalid-base64-signature_fail': 'B BASE64',
  'bundle-malformed-json_fail': 'B JSON',
  'bundle-negative-log-index_fail': 'B INTEGER',
  'bundle-unknown-version_fail': 'B MEDIA_TYPE',
  'bundle-with-root-cert_fail': 'B ROOT_CERTIFICATE',
  'checkpoint-bad-keyhint_fail': 'CHECKPOINT_INVALID',
  'checkpoint-wrong-roothash_fail': 'CHECKPOINT_MISMATCH',
  'dsse-invalid-sig_fail': 'SIGNATURE_INVALID',
  'dsse-mismatch-envelope_fail': 'BODY_HASH',
  'dsse-mismatch-sig_fail': 'BODY_SIGNATURE',
  'inclusion-proof-corrupted-hash_fail': 'INCLUSION_PROOF_INVALID',
  'incorrect-public-key_fail': 'SET_INVALID',
  'integrated-time-in-future_fail': 'CERTIFICATE_NOT_VALID',
  'intoto-expired-certificate_fail': 'CERTIFICATE_NOT_VALID',
  'intoto-log-entry-mismatch_fail': 'BODY_MALFORMED',
  'intoto-missing-inclusion-proof_fail': 'B VERSION',
  'intoto-set-outside-signing-cert-validity_fail': 'CERTIFICATE_NOT_VALID',
  'intoto-tsa-timestamp-outside-cert-validity_fail': 'CERTIFICATE_NOT_VALID',
  'invalid-checkpoint-signature_fail': 'CHECKPOINT_INVALID',
  'invalid-ct-key_fail': 'SCT_INVALID',
  'invalid-inclusion-proof_fail': 'B MISSING',
  'managed-key-no-key_fail': 'KEY_MISSING',
  'managed-key-wrong-key_fail': 'P POLICY_INVALID',
  'message-digest-mismatch_fail': 'ARTIFACT_DIGEST',
  'rekor2-checkpoint-missing-log-signature_fail': 'CHECKPOINT_INVALID',
  'rekor2-checkpoint-missing-origin_fail': 'CHECKPOINT_INVALID',
  'rekor2-checkpoint-missing-root-hash_fail': 'CHECKPOINT_INVALID',
  'rekor2-checkpoint-missing-size_fail': 'CHECKPOINT_INVALID',
  'rekor2-checkpoint-no-matching-signature_fail': 'CHECKPOINT_INVALID',
  'rekor2-dsse-invalid-sig_fail': 'SIGNATURE_INVALID',
  'rekor2-dsse-mismatch-envelope_fail': 'BODY_HASH',
  'rekor2-dsse-mismatch-sig_fail': 'BODY_SIGNATURE',
  'rekor2-no-inclusion-proof_fail': 'B VERSION',
  'rekor2-no-timestamp_fail': 'TIME_MISSING',
  'rekor2-timestamp-outside-trust-root-tsa-validity_fail': 'TIMESTAMP_UNTRUSTED',
  'rekor2-timestamp-outside-tsa-cert-validity_fail': 'TIMESTAMP_INVALID',
  'rekor2-timestamp-payload-mismatch_fail': 'TIMESTAMP_INVALID',
  'rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail': 'TIMESTAMP_UNTRUSTED',
  'rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail': 'TIMESTAMP_UNTRUSTED',
  'rekor2-timestamp-with-incorrect-time_fail': 'B BASE64',
  'set-invalid-signature_fail': 'SET_INVALID',
  'signature-mismatch_fail': 'SIGNATURE_INVALID',
  'trust-root-tlog-missing-validity-start_fail': 'T VALIDITY',
  'wrong-hashedrekord-artifact_fail': 'BODY_HASH',
  'wrong-hashedrekord-cert-and-sig_fail': 'BODY_SIGNATURE',
  'wrong-hashedrekord-entry_fail': 'BODY_HASH',
  'wrong-material_fail': 'ARTIFACT_DIGEST',
};

const listed = conformanceCases();

(listed.length > 0 ? describe : describe.skip)('sigstore-conformance cases', () => {
  it('are all here, and those to be refused have a reason', () => {
    expect(listed).toHaveLength(70);
    expect(Object.keys(REFUSED).sort()).toEqual(listed.filter((name) => name.endsWith('_fail')));
  });

  for (const by of ['path', 'digest'] as const) {
    it.each(listed.filter((name) => !name.endsWith('_fail')))(`%s is accepted by ${by}`, (name) => {
      expect(judge(name, by)).toBe('verified');
    });

    it.each(Object.entries(REFUSED))(`%s is refused by ${by}: %s`, (name, code) => {
      expect(judge(name, by)).toBe(code);
    });
  }
});

function judge(name: string, by: 'path' | 'digest'): string {
  try {
    const { bundle, artifact, trustedRoot, policy } = readConformanceCase(name);
    const verdict = verifyBundle(
      parseBundle(bundle),
      artifactBy(by, artifact),
      parseTrustedRoot(trustedRoot),
      compilePolicy(policy),
      CONFORMANCE_NOW,
    );
    return verdict.verified ? 'verified' : (verdict.steps.at(-1)?.code ?? 'no code');
  } catch (error) {
    if (error instanceof BundleError) return `B ${error.code}`;
    if (error instanceof TrustError) return `T ${error.code}`;
    if (error instanceof PolicyError) return `P ${error.code}`;
    throw error;
  }
}
