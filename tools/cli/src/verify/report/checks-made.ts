import {
  stepOf,
  VerificationError,
  type ImageVerdict,
  type SignatureEvidence,
  type SignatureVerdict,
} from '@sigstead/verification';
import type { GatheredImage } from '../image/gather-evidence.ts';
import type { ChecksMade } from './verification-header.ts';

/** A signature that passed, with what it passed by. */
export interface Verified {
  readonly evidence: SignatureEvidence;
  readonly verdict: SignatureVerdict;
}

/** The signatures of an image that passed, in the order in which they were found. */
export function verifiedOf(image: GatheredImage, { signatures }: ImageVerdict): Verified[] {
  return signatures.flatMap((verdict, at) => {
    const evidence = image.signatures[at]?.evidence;
    const isVerified = verdict.verified && evidence !== undefined && !(evidence instanceof VerificationError);
    return isVerified ? [{ evidence, verdict }] : [];
  });
}

/** What was checked of the signatures that passed. */
export function checksMade(
  verified: readonly Verified[],
  { proved }: GatheredImage,
  annotations: boolean,
): ChecksMade {
  const logged = verified.filter(
    ({ verdict }) => stepOf(verdict.steps, 'log-entry')?.evidence?.log !== undefined,
  );
  return {
    annotations,
    logEntry: logged.length > 0,
    proofFetched: verified.some(({ verdict }) => proved.has(verdict.source)),
    promiseOnly: logged.map(({ evidence }) => evidence.proofMissing).find((reason) => reason !== undefined),
    signer: verified.some(({ evidence }) => evidence.key.kind === 'certificate') ? 'certificate' : 'key',
  };
}
