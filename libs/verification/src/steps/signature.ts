import { keyDetailsOf } from '@sigstead/crypto';
import { assertPayloadBinds, parseSimpleSigning } from '../checks/payload.ts';
import { assertArtifactDigest, verifyDigestSignature, verifyPayloadSignature } from '../checks/signature.ts';
import { formatArtifactDigest } from '../evidence/signature-evidence.ts';
import type { Context, SignedLink, SigningLink } from './context.ts';
import type { Finding } from './step.ts';

/** Step 4: signature first, what it says after. */
export function checkSignature(link: SigningLink, { artifact }: Context): Finding<'signature', SignedLink> {
  const { content, signature } = link.evidence;
  const key = link.certificate.publicKey;
  const artifactDigest = formatArtifactDigest(artifact);
  if (content.kind === 'message-digest') {
    assertArtifactDigest(content, artifact);
    const signed = verifyDigestSignature(key, artifact, signature);
    return {
      reason: `${key.type} signature of ${artifactDigest}`,
      evidence: { algorithm: keyDetailsOf(key, signed.algorithm), artifactDigest, signed: 'artifact' },
      value: { ...link, signed },
    };
  }
  const signed = verifyPayloadSignature(key, content.payload, signature);
  const payload = parseSimpleSigning(content.payload);
  assertPayloadBinds(payload, artifactDigest);
  return {
    reason: `${key.type} signature of a payload that names ${artifactDigest}`,
    evidence: {
      algorithm: keyDetailsOf(key, signed.algorithm),
      artifactDigest,
      signed: 'simple-signing-payload',
      dockerReference: payload.dockerReference,
    },
    value: { ...link, signed },
  };
}
