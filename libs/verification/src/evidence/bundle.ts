import type { Bundle, BundleContent, VerificationKey } from '@sigstead/bundle';
import { VerificationError } from '../errors.ts';
import { printable } from '../text.ts';
import type { SignatureEvidence, SignedContent, SigningKey } from './signature-evidence.ts';

/**
 * Evidence of a Sigstore bundle.
 *
 * @throws VerificationError EVIDENCE_MALFORMED
 */
export function evidenceFromBundle({ content, verificationMaterial }: Bundle): SignatureEvidence {
  const { key, tlogEntries, rfc3161Timestamps } = verificationMaterial;
  assertSameHint(key, content);
  return {
    content: contentOf(content),
    signature: signatureOf(content),
    key: keyOf(key),
    logEntries: tlogEntries,
    timestamps: rfc3161Timestamps,
  };
}

/** They must be the same (sigstore_bundle.proto); an envelope without one is what sigstore-go writes. */
function assertSameHint(key: VerificationKey, content: BundleContent): void {
  if (key.kind !== 'publicKey' || content.kind !== 'dsse') return;
  const keyId = content.signatures[0]?.keyId ?? '';
  if (keyId === '' || key.hint === '' || keyId === key.hint) return;
  throw new VerificationError(
    'EVIDENCE_MALFORMED',
    `the bundle is by the key "${printable(key.hint, 100)}", its envelope by "${printable(keyId, 100)}"`,
  );
}

function contentOf(content: BundleContent): SignedContent {
  if (content.kind === 'messageSignature') {
    return {
      kind: 'message-digest',
      claimed: { algorithm: content.digestAlgorithm, digest: content.digest },
    };
  }
  const { payloadType, payload, signatures } = content;
  return { kind: 'dsse', payloadType, payload, keyId: signatures[0]?.keyId ?? '' };
}

function signatureOf(content: BundleContent): Uint8Array {
  if (content.kind === 'messageSignature') return content.signature;
  const [signature, ...others] = content.signatures;
  if (signature === undefined || others.length > 0) {
    throw new VerificationError(
      'EVIDENCE_MALFORMED',
      `the envelope has ${content.signatures.length} signatures, want exactly one`,
    );
  }
  return signature.signature;
}

function keyOf(key: VerificationKey): SigningKey {
  if (key.kind === 'publicKey') return { kind: 'public-key', hint: key.hint };
  const [certificate] = key.certificates;
  if (certificate === undefined)
    throw new VerificationError('EVIDENCE_MALFORMED', 'the bundle has no certificate');
  return { kind: 'certificate', certificate };
}
