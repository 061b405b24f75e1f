import type { HashAlgorithm } from '@sigstead/crypto';
import {
  parseStatement,
  VerificationError,
  type Policy,
  type SignatureEvidence,
} from '@sigstead/verification';
import { Certificate, X509Error } from '@sigstead/x509';
import type { ArtifactNeeds } from '../../artifact.ts';

const ALGORITHMS: readonly HashAlgorithm[] = ['sha256', 'sha384', 'sha512'];
const SMALL_BYTES = 1024 * 1024;
/** Of files that are signed with pure Ed25519, which no digest stands for. */
const ED25519_BYTES = 256 * 1024 * 1024;

/** Which digests a signature or statement is over, and whether the content itself may be needed. */
export function artifactNeeds(
  evidence: SignatureEvidence | VerificationError,
  policy: Policy | undefined,
): ArtifactNeeds {
  if (evidence instanceof VerificationError) return { algorithms: ['sha256'], maxContentBytes: 0 };
  if (mayBePureEd25519(evidence, policy)) return { algorithms: ALGORITHMS, maxContentBytes: ED25519_BYTES };
  return { algorithms: algorithmsOf(evidence), maxContentBytes: SMALL_BYTES };
}

function algorithmsOf({ content }: SignatureEvidence): readonly HashAlgorithm[] {
  if (content.kind === 'simple-signing') return ['sha256'];
  // A log entry may be about another digest than the signature.
  if (content.kind === 'message-digest') return [...new Set([content.claimed.algorithm, 'sha256'] as const)];
  const named = subjectAlgorithms(content.payloadType, content.payload);
  const known = ALGORITHMS.filter((algorithm) => named.has(algorithm));
  return known.length === 0 ? ['sha256'] : known;
}

/** The statement is read before its signature is judged, for its algorithms alone. */
function subjectAlgorithms(payloadType: string, payload: Uint8Array): ReadonlySet<string> {
  try {
    const { subjects } = parseStatement(payloadType, payload);
    return new Set(subjects.flatMap(({ digests }) => Object.keys(digests)));
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return new Set();
  }
}

function mayBePureEd25519({ content, key }: SignatureEvidence, policy: Policy | undefined): boolean {
  if (content.kind !== 'message-digest') return false;
  if (key.kind === 'public-key') return policy?.keys.some(({ type }) => type === 'Ed25519') ?? false;
  try {
    return Certificate.parse(key.certificate).publicKey.type === 'Ed25519';
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    return false;
  }
}
