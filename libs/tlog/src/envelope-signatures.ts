import { preAuthEncoding, type DsseEnvelope, type EnvelopeSignature } from './dsse-envelope.ts';
import { TlogError } from './errors.ts';
import { isMessageSigned } from './message-signature.ts';
import { type X509Verifier } from './x509-verifier.ts';

export interface MatchedSignature {
  readonly signature: EnvelopeSignature;
  readonly verifier: X509Verifier;
}

/**
 * Finds for every signature of an envelope the verifier that made it, as Rekor does for dsse and intoto 0.0.2: a verifier stands
 * for the first signature it verifies, each must verify one, and key IDs count for nothing. Verifiers left over after the last
 * signature is matched are ignored; of two that verify one signature the later one is kept.
 *
 * @throws TlogError SIGNATURE when a signature has no verifier, or a verifier no signature
 */
export function matchSignatures(
  envelope: DsseEnvelope,
  verifiers: readonly X509Verifier[],
): readonly MatchedSignature[] {
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  // Equal texts are one signature.
  const missing = new Set(envelope.signatures.map(({ text }) => text));
  const matched = new Map<string, MatchedSignature>();
  for (const [position, verifier] of verifiers.entries()) {
    if (missing.size === 0) break;
    const signature = envelope.signatures.find(({ bytes }) =>
      isMessageSigned(verifier.publicKey, message, bytes),
    );
    if (signature === undefined) {
      throw refused(`could not verify envelope: no signature is by key ${position}`);
    }
    missing.delete(signature.text);
    matched.set(signature.text, { signature, verifier });
  }
  if (missing.size > 0) throw refused('all signatures must have a key that verifies it');
  return [...matched.values()];
}

function refused(message: string): TlogError {
  return new TlogError('SIGNATURE', message, { field: 'signatures' });
}
