import type { LegacySignature } from '@sigstead/oci';
import { VerificationError } from '../errors.ts';
import { annotation, base64Annotation, legacyAnnotations, legacyMaterial } from './legacy-annotations.ts';
import type { SignatureEvidence } from './signature-evidence.ts';

const MAX_SIGNATURE_TEXT = 16 * 1024;

/**
 * Evidence of one `.sig` layer. Its bundle annotation carries the log's promise but no inclusion proof: see
 * `withInclusionProof`. Without a bundle annotation there is no log entry, which the verification refuses later.
 *
 * @throws VerificationError EVIDENCE_MALFORMED when an annotation cannot be read
 */
export function evidenceFromLegacySignature(layer: LegacySignature): SignatureEvidence {
  const { signature } = legacyAnnotations;
  const text = annotation(layer.annotations, signature, MAX_SIGNATURE_TEXT);
  if (text === undefined)
    throw new VerificationError('EVIDENCE_MALFORMED', `annotation ${signature} is missing`);
  return {
    content: { kind: 'simple-signing', payload: layer.payload },
    signature: base64Annotation(signature, text),
    ...legacyMaterial(layer.annotations),
  };
}
