import { type Signer } from '@sigstead/crypto';
import { concatBytes, decodeUtf8, encodeUtf8, tlsU64 } from '@sigstead/encoding';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '../checkpoint.ts';
import { type NoteVerifier, verifyNoteSignature } from '../checkpoint-signature.ts';
import { TlogError } from '../errors.ts';
import { assertRekorSigner } from '../rekor-key.ts';
import { formatSignedNote, type NoteSignature, parseSignedNote } from '../signed-note.ts';
import { cosignedMessage } from './cosigned-message.ts';
import { signTreeHead } from './tree-head-signature.ts';
import { type NoteKey, noteKeyOf, noteVerifierOf } from './verifier-key.ts';

/** Signs notes under a name. */
export interface NoteSigner {
  readonly name: string;
  /** 4 bytes */
  readonly keyHint: Uint8Array;
  /** 32 bytes, untruncated. */
  readonly keyId: Uint8Array;
  /** @param message the note's text, final line feed included */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * The key of a Rekor v2 log (`rekor-tiles: pkg/note`): Ed25519, ECDSA P-256 or RSA, over the text or its SHA-256.
 *
 * @param origin of the log, its name in notes
 * @throws TlogError VERIFIER_KEY for an origin that is no key name, SIGNER for a key that hashes with another hash
 */
export function noteSigner(origin: string, signer: Signer): NoteSigner {
  assertRekorSigner(signer);
  return bindSigner(noteVerifierOf(origin, signer.publicKey), (message) => signer.sign(message));
}

/**
 * The key of a CT log under static-ct checkpoints (type 0x05): what it signs can be turned into a get-sth answer and back. The
 * message must be a checkpoint of this origin without extension lines.
 *
 * @param timestampMs of the tree head: not before any timestamp in the tree
 * @throws TlogError VERIFIER_KEY for the origin or a key that is neither P-256 nor RSA; when signing CHECKPOINT
 */
export function rfc6962NoteSigner(origin: string, signer: Signer, timestampMs: bigint): NoteSigner {
  return bindSigner(noteKeyOf('rfc6962', origin, signer.publicKey), async (message) => {
    const checkpoint = parseCheckpoint(decodeUtf8(message));
    if (checkpoint.origin !== origin || checkpoint.extensions.length > 0) {
      throw new TlogError(
        'CHECKPOINT',
        `static-ct checkpoint of another origin or with extension lines, want ${origin} and none`,
      );
    }
    const { size, rootHash } = checkpoint;
    return concatBytes(tlsU64(timestampMs), await signTreeHead({ timestampMs, size, rootHash }, signer));
  });
}

/**
 * An Ed25519 witness (type 0x04, C2SP tlog-cosignature).
 *
 * @param clock read for every cosignature
 * @throws TlogError VERIFIER_KEY for the name or another type of key
 */
export function cosigner(name: string, signer: Signer, clock: () => Date): NoteSigner {
  return bindSigner(noteKeyOf('cosignature', name, signer.publicKey), async (message) => {
    const timeSeconds = BigInt(Math.floor(clock().getTime() / 1000));
    return concatBytes(tlsU64(timeSeconds), await signer.sign(cosignedMessage(timeSeconds, message)));
  });
}

/**
 * A checkpoint as a note, with one line per signer in that order. The log comes first: monitors look at no other line for its key ID.
 *
 * @throws TlogError CHECKPOINT, NOTE; SIGNER when the first signer's name is not the origin
 */
export async function signCheckpointNote(
  checkpoint: Checkpoint,
  signers: readonly NoteSigner[],
): Promise<string> {
  const body = formatCheckpoint(checkpoint);
  if (signers[0]?.name !== checkpoint.origin) {
    throw new TlogError(
      'SIGNER',
      `first signer of a checkpoint is not named after its origin ${checkpoint.origin}`,
    );
  }
  const message = encodeUtf8(body);
  const signatures = await Promise.all(
    signers.map(async ({ name, keyHint, sign }) => ({ name, keyHint, signature: await sign(message) })),
  );
  return formatSignedNote({ body, signatures });
}

/**
 * Verifies a checkpoint: note grammar, the key's signature, and only then the body, whose origin must be the key's name. Lines of
 * other keys are ignored, wherever they stand.
 *
 * @throws TlogError NOTE, LIMIT, NO_SIGNATURE, SIGNATURE or CHECKPOINT
 */
export function verifyCheckpointNote(
  text: string,
  key: NoteVerifier & { readonly name: string },
): Checkpoint {
  const note = parseSignedNote(text);
  verifyNoteSignature(note, key);
  const checkpoint = parseCheckpoint(note.body);
  if (checkpoint.origin !== key.name) {
    throw new TlogError(
      'CHECKPOINT',
      `checkpoint of ${JSON.stringify(checkpoint.origin.slice(0, 256))}, want ${key.name}`,
    );
  }
  return checkpoint;
}

/**
 * The note with further lines behind those it has: of witnesses, for example. They are not verified.
 *
 * @throws TlogError NOTE, LIMIT
 */
export function addSignatures(note: string, signatures: readonly NoteSignature[]): string {
  const { body, signatures: own } = parseSignedNote(note);
  return formatSignedNote({ body, signatures: [...own, ...signatures] });
}

function bindSigner({ name, keyHint, keyId }: NoteKey, sign: NoteSigner['sign']): NoteSigner {
  return { name, keyHint, keyId, sign };
}
