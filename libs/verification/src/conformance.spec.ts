import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BundleError, parseBundle } from '@sigstead/bundle';
import { sha256 } from '@sigstead/crypto';
import { parseTrustedRoot, TrustError, type TrustedRoot } from '@sigstead/trust';
import { describe, expect, it } from '@jest/globals';
import { PolicyError } from './errors.ts';
import type { Artifact } from './evidence/signature-evidence.ts';
import { compilePolicy, type Policy } from './policy.ts';
import { verifyBundle } from './verify-bundle.ts';

// The cases of sigstore-conformance v0.0.29, with the defaults of that suite.
const vectors = process.env['SIGSTEAD_VECTORS'] ?? resolve(import.meta.dirname, '../../../../shared/vectors');
const suite = resolve(vectors, 'sigstore-conformance');
const cases = resolve(suite, 'bundle-verify');
const publicGood = resolve(vectors, 'sigstore-public-good', 'trusted_root.json');
const IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';
const NOW = new Date('2026-11-22T00:00:00Z');

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

const present = existsSync(cases);
const listed = present
  ? readdirSync(cases).filter((name) => existsSync(resolve(cases, name, 'bundle.sigstore.json')))
  : [];

(present ? describe : describe.skip)('sigstore-conformance cases', () => {
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
  const folder = resolve(cases, name);
  try {
    const bundle = parseBundle(readFileSync(resolve(folder, 'bundle.sigstore.json')));
    const verdict = verifyBundle(
      bundle,
      artifactOf(folder, by),
      trustedRootOf(folder),
      policyOf(folder),
      NOW,
    );
    return verdict.verified ? 'verified' : (verdict.steps.at(-1)?.code ?? 'no code');
  } catch (error) {
    if (error instanceof BundleError) return `B ${error.code}`;
    if (error instanceof TrustError) return `T ${error.code}`;
    if (error instanceof PolicyError) return `P ${error.code}`;
    throw error;
  }
}

function artifactOf(folder: string, by: 'path' | 'digest'): Artifact {
  const own = resolve(folder, 'artifact');
  const content = readFileSync(existsSync(own) ? own : resolve(cases, 'a.txt'));
  const digest = { algorithm: 'sha256', digest: sha256(content) } as const;
  return by === 'path' ? { ...digest, content } : digest;
}

function trustedRootOf(folder: string): TrustedRoot {
  const own = resolve(folder, 'trusted_root.json');
  return parseTrustedRoot(readFileSync(existsSync(own) ? own : publicGood));
}

function policyOf(folder: string): Policy {
  const key = resolve(folder, 'key.pub');
  if (existsSync(key)) return compilePolicy({ key: readFileSync(key, 'utf8') });
  const read = (file: string, fallback: string): string => {
    const path = resolve(folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : fallback;
  };
  return compilePolicy({ identity: read('identity', IDENTITY), issuer: read('issuer', ISSUER) });
}
