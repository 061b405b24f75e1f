import { KeyError, keyDetailsOf, type PublicKey } from '@sigstead/crypto';
import { assertPayloadBinds, parseSimpleSigning } from '../checks/payload.ts';
import {
  verifyArtifactSignature,
  verifyEnvelopeSignature,
  verifyPayloadSignature,
  type Signed,
} from '../checks/signature.ts';
import { assertKeyNotRevoked } from '../checks/revocation.ts';
import { assertSubject } from '../checks/statement.ts';
import { VerificationError } from '../errors.ts';
import {
  formatArtifactDigest,
  type Artifact,
  type SignatureEvidence,
  type SignedContent,
} from '../evidence/signature-evidence.ts';
import { parseStatement } from '../statement.ts';
import { printable } from '../text.ts';
import type { Context, SignedLink, SigningLink } from './context.ts';
import type { Finding } from './step.ts';
import type { SignatureFacts } from './step-evidence.ts';

/** What a document that was signed says of the artifact. */
type Meaning = Pick<SignedLink, 'statement' | 'annotations'> & {
  readonly what: string;
  readonly facts: Pick<SignatureFacts, 'signed' | 'dockerReference' | 'predicateType'>;
};

/** Step 4: signature first, what it says after. */
export function checkSignature(
  link: SigningLink,
  { artifact, options }: Context,
): Finding<'signature', SignedLink> {
  const { evidence, signer, times } = link;
  const keys = signer.kind === 'certificate' ? [signer.certificate.publicKey] : signer.keys;
  const { publicKey, signed } = verifyWithOneOf(keys, evidence, artifact);
  if (options.revocations !== undefined && signer.kind === 'keys') {
    const known = times instanceof VerificationError ? [] : times.times.map(({ at }) => at);
    assertKeyNotRevoked(options.revocations, publicKey, known);
  }
  const { what, facts, statement, annotations } = readMeaning(evidence.content, artifact);
  return {
    reason: `${publicKey.type} signature of ${what}`,
    evidence: {
      algorithm: algorithmName(publicKey, signed),
      artifactDigest: formatArtifactDigest(artifact),
      ...facts,
    },
    value: { ...link, signed, publicKey, statement, annotations },
  };
}

/** @throws VerificationError of the first key when none verifies */
function verifyWithOneOf(
  keys: readonly PublicKey[],
  evidence: SignatureEvidence,
  artifact: Artifact,
): { publicKey: PublicKey; signed: Signed } {
  let refusal: VerificationError | undefined;
  for (const publicKey of keys) {
    try {
      return { publicKey, signed: verifyContent(publicKey, evidence, artifact) };
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new VerificationError('KEY_MISSING', 'there is no key to verify the signature with');
}

function verifyContent(
  key: PublicKey,
  { content, signature }: SignatureEvidence,
  artifact: Artifact,
): Signed {
  switch (content.kind) {
    case 'message-digest':
      return verifyArtifactSignature(key, content, artifact, signature);
    case 'simple-signing':
      return verifyPayloadSignature(key, content.payload, signature);
    case 'dsse':
      return verifyEnvelopeSignature(key, content, signature);
  }
}

function readMeaning(content: SignedContent, artifact: Artifact): Meaning {
  const digest = formatArtifactDigest(artifact);
  switch (content.kind) {
    case 'message-digest':
      return { what: digest, facts: { signed: 'artifact' }, statement: undefined, annotations: {} };
    case 'simple-signing': {
      const payload = parseSimpleSigning(content.payload);
      assertPayloadBinds(payload, digest);
      const { dockerReference, annotations } = payload;
      return {
        what: `a payload that names ${digest}`,
        facts: { signed: 'simple-signing-payload', dockerReference },
        statement: undefined,
        annotations,
      };
    }
    case 'dsse': {
      const statement = parseStatement(content.payloadType, content.payload);
      const { annotations } = assertSubject(statement, artifact);
      const { predicateType } = statement;
      return {
        what: `a statement of type ${printable(predicateType, 200)} about ${digest}`,
        facts: { signed: 'statement', predicateType },
        statement,
        annotations,
      };
    }
  }
}

/** The registry has no name for some keys that verify all the same, such as RSA of 2560 bits. */
function algorithmName(key: PublicKey, { hash }: Signed): string {
  try {
    return keyDetailsOf(key, key.type === 'Ed25519' ? undefined : hash);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    return `${key.type} ${hash}`;
  }
}
