import { type PublicKey, type Signer, verifyMessage } from '@sigstead/crypto';
import { encodeHex, encodeUtf8, equalBytes } from '@sigstead/encoding';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { TlogError } from './errors.ts';
import { assertRekorSigner, REKOR_HASH, rekorKeyHint } from './rekor-key.ts';
import { formatSignedNote, parseSignedNote, type SignedNote } from './signed-note.ts';

/** Signatures of a note that a refusal names. */
const MAX_NAMED = 3;

/** How to recognise and check one key's lines in a note. */
export interface NoteVerifier {
  /** When given, lines of other names are not this key's. */
  readonly name?: string;
  /** 4 bytes */
  readonly keyHint: Uint8Array;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * Signs the way Rekor v1 does: over the body with its final line feed, with SHA-256, key hint from the SPKI. There is
 * exactly one signature line, since stock Rekor refuses a note with a line of any other key.
 *
 * @param signerName the log's host name
 * @throws TlogError CHECKPOINT, NOTE, or SIGNER when the key does not sign with SHA-256
 */
export async function signCheckpoint(
  checkpoint: Checkpoint,
  signerName: string,
  signer: Signer,
): Promise<string> {
  assertRekorSigner(signer);
  const body = formatCheckpoint(checkpoint);
  const signature = await signer.sign(encodeUtf8(body));
  return formatSignedNote({
    body,
    signatures: [{ name: signerName, keyHint: rekorKeyHint(signer.publicKey), signature }],
  });
}

/**
 * Verifies a checkpoint of a Rekor v1 log: note grammar, signature, and only then the body.
 *
 * @param name when given, the signature line must carry this name
 * @throws TlogError NOTE, LIMIT, NO_SIGNATURE, SIGNATURE or CHECKPOINT
 */
export function verifyCheckpoint(text: string, key: PublicKey, name?: string): Checkpoint {
  const note = parseSignedNote(text);
  verifyNoteSignature(note, {
    ...(name === undefined ? {} : { name }),
    keyHint: rekorKeyHint(key),
    verify: (message, signature) => verifyMessage(key, REKOR_HASH, message, signature),
  });
  return parseCheckpoint(note.body);
}

/**
 * Every line of the key must verify and there must be one; lines of other keys, such as witnesses, are ignored
 * (C2SP signed-note).
 *
 * @throws TlogError NO_SIGNATURE or SIGNATURE
 */
export function verifyNoteSignature(note: SignedNote, verifier: NoteVerifier): void {
  const { name, keyHint } = verifier;
  const own = note.signatures.filter(
    (line) => equalBytes(line.keyHint, keyHint) && (name === undefined || line.name === name),
  );
  if (own.length === 0) {
    const found = note.signatures.slice(0, MAX_NAMED).map((line) => describeKey(line));
    throw new TlogError(
      'NO_SIGNATURE',
      `none of ${note.signatures.length} signatures has ${describeKey(verifier)}, but ${found.join(', ')}`,
    );
  }
  const message = encodeUtf8(note.body);
  for (const line of own) {
    if (!verifier.verify(message, line.signature)) {
      throw new TlogError('SIGNATURE', `note signature by key hint ${encodeHex(keyHint)} does not verify`);
    }
  }
}

function describeKey({ keyHint, name }: { readonly keyHint: Uint8Array; readonly name?: string }): string {
  const named = name === undefined ? '' : ` and name ${JSON.stringify(name.slice(0, 100))}`;
  return `key hint ${encodeHex(keyHint)}${named}`;
}
