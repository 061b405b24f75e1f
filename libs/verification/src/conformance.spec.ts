import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BundleError, parseBundle } from '@sigstead/bundle';
import { sha256 } from '@sigstead/crypto';
import { parseTrustedRoot, TrustError, type TrustedRoot } from '@sigstead/trust';
import { describe, expect, it } from '@jest/globals';
import { compilePolicy, type Policy } from './policy.ts';
import { verifyBundle } from './verify-bundle.ts';

// The cases of sigstore-conformance v0.0.29 on the public-good trusted root, with the defaults of that suite.
const vectors = process.env['SIGSTEAD_VECTORS'] ?? resolve(import.meta.dirname, '../../../../shared/vectors');
const suite = resolve(vectors, 'sigstore-conformance');
const cases = resolve(suite, 'bundle-verify');
const publicGood = resolve(vectors, 'sigstore-public-good', 'trusted_root.json');
const IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';
const NOW = new Date('2026-11-22T00:00:00Z');

/** Message signatures with a certificate and a Rekor v1 hashedrekord, which must be accepted. */
const ACCEPTED = [
  'happy-path-v0.1',
  'happy-path-v0.2',
  'happy-path-v0.3',
  'happy-path-v0.3-new-mediaType',
  'trust-root-tlog-validity-end-inclusive',
];

/** The same shape, each broken in one way, with the code that names it (B: refused while the bundle is read). */
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
  'inclusion-proof-corrupted-hash_fail': 'INCLUSION_PROOF_INVALID',
  'incorrect-public-key_fail': 'SET_INVALID',
  'integrated-time-in-future_fail': 'CERTIFICATE_NOT_VALID',
  'invalid-checkpoint-signature_fail': 'CHECKPOINT_INVALID',
  'invalid-ct-key_fail': 'SCT_INVALID',
  'invalid-inclusion-proof_fail': 'B MISSING',
  'message-digest-mismatch_fail': 'ARTIFACT_DIGEST',
  'set-invalid-signature_fail': 'SET_INVALID',
  'signature-mismatch_fail': 'SIGNATURE_INVALID',
  'wrong-hashedrekord-artifact_fail': 'BODY_HASH',
  'wrong-hashedrekord-cert-and-sig_fail': 'BODY_SIGNATURE',
  'wrong-hashedrekord-entry_fail': 'BODY_HASH',
  'wrong-material_fail': 'ARTIFACT_DIGEST',
};

/** DSSE envelopes, Rekor v2, timestamp authorities and managed keys: none of them may ever be accepted by accident. */
const UNSUPPORTED =
  /^(dsse-|intoto-|happy-path-intoto|managed-key-|rekor2-|bundle-with-sct-with-extensions|trust-root-ts?a-|trust-root-tlog-missing)/;

const present = existsSync(cases);
const listed = present
  ? readdirSync(cases).filter((name) => existsSync(resolve(cases, name, 'bundle.sigstore.json')))
  : [];

(present ? describe : describe.skip)('sigstore-conformance cases', () => {
  it('are all on one of the three lists', () => {
    const known = listed.filter(
      (name) => ACCEPTED.includes(name) || name in REFUSED || UNSUPPORTED.test(name),
    );
    expect(known).toEqual(listed);
    expect(listed).toHaveLength(70);
  });

  it.each(ACCEPTED)('%s is accepted', (name) => {
    expect(judge(name)).toBe('verified');
  });

  it.each(Object.entries(REFUSED))('%s is refused: %s', (name, code) => {
    expect(judge(name)).toBe(code);
  });

  it.each(listed.filter((name) => UNSUPPORTED.test(name)))(
    '%s is refused as unsupported or malformed',
    (name) => {
      expect(judge(name)).toMatch(/^(UNSUPPORTED|B VERSION|B BASE64|T VALIDITY)$/);
    },
  );
});

function judge(name: string): string {
  const folder = resolve(cases, name);
  try {
    const bundle = parseBundle(readFileSync(resolve(folder, 'bundle.sigstore.json')));
    const verdict = verifyBundle(bundle, artifactOf(folder), trustedRootOf(folder), policyOf(folder), NOW);
    return verdict.verified ? 'verified' : (verdict.steps.at(-1)?.code ?? 'no code');
  } catch (error) {
    if (error instanceof BundleError) return `B ${error.code}`;
    if (error instanceof TrustError) return `T ${error.code}`;
    throw error;
  }
}

function artifactOf(folder: string): { algorithm: 'sha256'; digest: Uint8Array } {
  const own = resolve(folder, 'artifact');
  return {
    algorithm: 'sha256',
    digest: sha256(readFileSync(existsSync(own) ? own : resolve(cases, 'a.txt'))),
  };
}

function trustedRootOf(folder: string): TrustedRoot {
  const own = resolve(folder, 'trusted_root.json');
  return parseTrustedRoot(readFileSync(existsSync(own) ? own : publicGood));
}

function policyOf(folder: string): Policy {
  const read = (file: string, fallback: string): string => {
    const path = resolve(folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : fallback;
  };
  return compilePolicy({ identity: read('identity', IDENTITY), issuer: read('issuer', ISSUER) });
}
