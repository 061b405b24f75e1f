import { digest, KeyError, sha256, verifyDigest, verifyMessage, type HashAlgorithm } from '@sigstead/crypto';
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
  /** Whether it is Ed25519ph, which signs the digest, and not Ed25519, which signs the message. */
  readonly prehashed: boolean;
}

/**
 * Signs, and verifies the signature at once: one that a fault spoiled must not become public.
 *
 * @throws SigningError ARTIFACT when the key cannot sign this, ANSWER_INVALID of step `signature`
 */
export async function signContent(content: SigningContent, { signer }: SigningKey): Promise<SignedContent> {
  const { publicKey, hash } = signer;
  const isEd25519 = publicKey.type === 'Ed25519';
  if (content.kind === 'digest') {
    const { algorithm, digest } = content.digest;
    const signature = await signDigest(content.digest, signer);
    assertSound(verifyDigest(publicKey, algorithm, digest, signature));
    return { content, signature, signed: content.digest, prehashed: isEd25519 };
  }
  const message = messageOf(content);
  const signature = await signer.sign(message);
  const signed = digestOf(hash, message);
  const prehashed = isEd25519 && verifyDigest(publicKey, hash, signed.digest, signature);
  assertSound(prehashed || verifyMessage(publicKey, hash, message, signature));
  return { content, signature, signed, prehashed };
}

async function signDigest(artifact: ArtifactDigest, signer: SigningKey['signer']): Promise<Uint8Array> {
  const { hash, publicKey } = signer;
  if (artifact.algorithm !== hash)
    throw unfit(`${formatArtifactDigest(artifact)} is no ${hash} digest, which this key signs`);
  try {
    if ('signDigest' in signer) return await signer.signDigest(artifact.digest);
  } catch (cause) {
    if (!(cause instanceof KeyError) || cause.code !== 'KEY_UNSUPPORTED') throw cause;
  }
  throw unfit(`a key of type ${publicKey.type} signs messages, not digests`);
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

function assertSound(verified: boolean): void {
  if (!verified)
    throw new SigningError('signature', 'ANSWER_INVALID', 'the signature just made does not verify');
}

function unfit(message: string): SigningError {
  return new SigningError('input', 'ARTIFACT', message);
}
