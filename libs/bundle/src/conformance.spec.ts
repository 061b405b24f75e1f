import { describe, expect, it } from '@jest/globals';
import { BUNDLE_MEDIA_TYPE } from './media-type.ts';
import { parseBundle } from './parse-bundle.ts';
import { serializeBundle } from './serialize-bundle.ts';
import { refusal } from './testonly/errors.ts';
import { bundleOf, caseNames, hasVectors } from './testonly/vectors.ts';

/** The conformance cases whose fault is the bundle's shape; every other case is for the verifier to refuse. */
const malformed: Readonly<Record<string, string>> = {
  'bundle-empty-certificate-chain_fail': 'MISSING verificationMaterial.x509CertificateChain.certificates',
  'bundle-invalid-base64-signature_fail': 'BASE64 messageSignature.signature',
  'bundle-malformed-json_fail': 'JSON',
  'bundle-negative-log-index_fail': 'INTEGER verificationMaterial.tlogEntries[0].logIndex',
  'bundle-unknown-version_fail': 'MEDIA_TYPE mediaType',
  'bundle-with-root-cert_fail': 'ROOT_CERTIFICATE verificationMaterial.x509CertificateChain.certificates[1]',
  'intoto-missing-inclusion-proof_fail': 'VERSION verificationMaterial.tlogEntries[0].inclusionProof',
  'invalid-inclusion-proof_fail': 'MISSING verificationMaterial.tlogEntries[0].inclusionProof.checkpoint',
  'rekor2-no-inclusion-proof_fail': 'VERSION verificationMaterial.tlogEntries[0].inclusionProof',
  'rekor2-timestamp-with-incorrect-time_fail':
    'BASE64 verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp',
};

(hasVectors ? describe : describe.skip)('conformance bundles (need SIGSTEAD_VECTORS)', () => {
  it.each(caseNames().map((name) => [name, malformed[name] ?? 'accepted'] as const))(
    '%s: %s',
    (name, expected) => {
      expect(refusal(() => parseBundle(bundleOf(name)))).toBe(expected);
    },
  );

  it.each(caseNames().filter((name) => malformed[name] === undefined))(
    '%s survives being written as 0.3',
    (name) => {
      const bundle = parseBundle(bundleOf(name));
      const { key } = bundle.verificationMaterial;
      if (key.kind === 'certificate' && key.certificates.length > 1) {
        expect(refusal(() => serializeBundle(bundle))).toBe('VERSION verificationMaterial.certificate');
      } else {
        const again = parseBundle(serializeBundle(bundle));
        expect(again).toEqual({ ...bundle, mediaType: BUNDLE_MEDIA_TYPE, version: '0.3' });
      }
    },
  );
});
