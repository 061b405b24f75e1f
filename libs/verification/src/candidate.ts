import { BundleError, parseBundle, readBundle } from '@sigstead/bundle';
import type { JsonValue } from '@sigstead/encoding';
import type { LegacyAttestation, LegacySignature } from '@sigstead/oci';
import { VerificationError } from './errors.ts';
import { evidenceFromBundle } from './evidence/bundle.ts';
import { evidenceFromLegacyAttestation } from './evidence/legacy-attestation.ts';
import { evidenceFromLegacySignature } from './evidence/legacy-signature.ts';
import type { SignatureEvidence } from './evidence/signature-evidence.ts';
import { IMAGE_SIGNATURE_TYPE } from './policy/rules/predicate-type-rules.ts';
import { parseStatement } from './statement.ts';

/** One signature found somewhere: its evidence, or why that could not be read. */
export interface SignatureCandidate {
  /** Where it was found, for the reader. */
  readonly source: string;
  readonly evidence: SignatureEvidence | VerificationError;
}

/** One `.sig` layer as a candidate; one that cannot be read stays in the list, with its reason. */
export function legacyCandidate(layer: LegacySignature, source: string): SignatureCandidate {
  return readCandidate(source, () => evidenceFromLegacySignature(layer));
}

/** One `.att` layer as a candidate. */
export function legacyAttestationCandidate(layer: LegacyAttestation, source: string): SignatureCandidate {
  return readCandidate(source, () => evidenceFromLegacyAttestation(layer));
}

/** A bundle as a candidate. @param json its text, or the UTF-8 bytes of it */
export function bundleCandidate(json: Uint8Array | string, source: string): SignatureCandidate {
  return readCandidate(source, () => evidenceFromBundle(parseBundle(json)));
}

/** A bundle that came inside another document, as a candidate. */
export function embeddedBundleCandidate(bundle: JsonValue, source: string): SignatureCandidate {
  return readCandidate(source, () => evidenceFromBundle(readBundle(bundle)));
}

/**
 * What a signature claims to be, for choosing among many before anything is verified: a signature of the image itself or an attestation
 * about it. What cannot be told may be either.
 */
export function claimedKind({ evidence }: SignatureCandidate): 'signature' | 'attestation' | 'unknown' {
  if (evidence instanceof VerificationError) return 'unknown';
  const { content } = evidence;
  if (content.kind !== 'dsse') return 'signature';
  try {
    const { predicateType } = parseStatement(content.payloadType, content.payload);
    return predicateType === IMAGE_SIGNATURE_TYPE ? 'signature' : 'attestation';
  } catch (error) {
    if (error instanceof VerificationError) return 'unknown';
    throw error;
  }
}

function readCandidate(source: string, read: () => SignatureEvidence): SignatureCandidate {
  try {
    return { source, evidence: read() };
  } catch (error) {
    if (error instanceof VerificationError) return { source, evidence: error };
    if (!(error instanceof BundleError)) throw error;
    const evidence = new VerificationError('EVIDENCE_MALFORMED', `bundle: ${error.message}`, {
      cause: error,
    });
    return { source, evidence };
  }
}
