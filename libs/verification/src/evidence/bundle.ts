import type { Bundle } from '@sigstead/bundle';
import { VerificationError } from '../errors.ts';
import type { SignatureEvidence } from './signature-evidence.ts';

/**
 * Evidence of a Sigstore bundle with a message signature, a certificate and one Rekor v1 entry.
 *
 * @throws VerificationError UNSUPPORTED for everything else a bundle can hold: DSSE envelopes, bare keys, RFC 3161
 *   timestamps, several log entries. What cannot be judged is not passed over.
 */
export function evidenceFromBundle({ content, verificationMaterial }: Bundle): SignatureEvidence {
  const { key, tlogEntries, rfc3161Timestamps } = verificationMaterial;
  if (content.kind !== 'messageSignature') throw unsupported('DSSE envelopes');
  if (key.kind !== 'certificate') throw unsupported('signatures by a bare key');
  if (rfc3161Timestamps.length > 0) throw unsupported('RFC 3161 timestamps');
  if (tlogEntries.length > 1) throw unsupported('bundles with several log entries');
  const [certificate] = key.certificates;
  if (certificate === undefined)
    throw new VerificationError('EVIDENCE_MALFORMED', 'the bundle has no certificate');
  return {
    content: {
      kind: 'message-digest',
      claimed: { algorithm: content.digestAlgorithm, digest: content.digest },
    },
    signature: content.signature,
    certificate,
    logEntry: tlogEntries[0],
  };
}

function unsupported(what: string): VerificationError {
  return new VerificationError('UNSUPPORTED', `${what} are not judged here`);
}
