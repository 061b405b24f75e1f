import { digest, sha256, verifyDigest, verifyMessage, type HashAlgorithm } from '@sigstead/crypto';
import { preAuthEncoding } from '@sigstead/tlog';
import { formatArtifactDigest, IN_TOTO_PAYLOAD_TYPE, type ArtifactDigest } from '@sigstead/verification';
import { SigningError } from './errors.ts';
import type { SigningKey } from './signing-key.ts';
import type { Statement } from './statement/statement.ts';

/** What a signature is made over. */
export type SigningContent =
  /** A file, or whatever else has this digest. */
  | { readonly kind: 'digest'; readonly digest: ArtifactDigest }
  /** The document of a `.sig` layer, which names the image's digest. */
  | { readonly kind: 'simple-signing'; readonly payload: Uint8Array; readonly imageDigest: string }
  /** An in-toto statement, in a DSSE envelope. */
  | { readonly kind: 'statement'; readonly statement: Statement };

/** Content with the signature over it. */
export interface SignedContent {
  readonly content: SigningContent;
  readonly signature: Uint8Array;
  /** Of what the signature is over: the file, the document, or the envelope's pre-authentication encoding. */
  readonly signed: ArtifactDigest;
}

/**
 * Signs, and verifies the signature at once: one that a fault spoiled must not become public.
 *
 * @throws SigningError ARTIFACT when the key cannot sign this, ANSWER_INVALID of step `signature`
 */
export async function signContent(content: SigningContent, key: SigningKey): Promise<SignedContent> {
  const { signer } = key;
  if (content.kind === 'digest') {
    if (!('signDigest' in signer) || signer.publicKey.type === 'Ed25519')
      throw unfit(`a key of type ${signer.publicKey.type} cannot sign a digest`);
    assertHash(content.digest, signer.hash);
    const signature = await signer.signDigest(content.digest.digest);
    const { algorithm, digest } = content.digest;
    assertSound(verifyDigest(signer.publicKey, algorithm, digest, signature));
    return { content, signature, signed: content.digest };
  }
  const message = messageOf(content);
  const signature = await signer.sign(message);
  assertSound(verifyMessage(signer.publicKey, signer.hash, message, signature));
  return { content, signature, signed: digestOf(signer.hash, message) };
}

function messageOf(content: Exclude<SigningContent, { kind: 'digest' }>): Uint8Array {
  if (content.kind === 'simple-signing') return content.payload;
  return preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, content.statement.payload);
}

/** SHA-256 of the given bytes as a digest that can be signed. */
export function sha256Digest(bytes: Uint8Array): ArtifactDigest {
  return { algorithm: 'sha256', digest: sha256(bytes) };
}

function digestOf(algorithm: HashAlgorithm, message: Uint8Array): ArtifactDigest {
  return { algorithm, digest: digest(algorithm, message) };
}

function assertHash(artifact: ArtifactDigest, hash: HashAlgorithm): void {
  if (artifact.algorithm === hash) return;
  throw unfit(`${formatArtifactDigest(artifact)} is no ${hash} digest, which this key signs`);
}

function assertSound(verified: boolean): void {
  if (!verified)
    throw new SigningError('signature', 'ANSWER_INVALID', 'the signature just made does not verify');
}

function unfit(message: string): SigningError {
  return new SigningError('input', 'ARTIFACT', message);
}
