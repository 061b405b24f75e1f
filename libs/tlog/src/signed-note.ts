import { concatBytes, decodeBase64, encodeBase64, EncodingError } from '@sigstead/encoding';
import { TlogError } from './errors.ts';

/** Bounds of one note, far above what any log writes; C2SP asks for at least 16 signatures. */
const MAX_NOTE_LENGTH = 1 << 20;
const MAX_SIGNATURES = 100;

const KEY_HINT_SIZE = 4;
/** Em dash and space: what every signature line starts with. */
const SIGNATURE_PREFIX = '\u2014 ';

export interface NoteSignature {
  /** Name of the key, for a Rekor log its host name. */
  readonly name: string;
  /** 4 bytes that tell which key to try. Not a proof of anything. */
  readonly keyHint: Uint8Array;
  readonly signature: Uint8Array;
}

/** C2SP signed-note: text that ends in a line feed, and at least one signature over exactly that text. */
export interface SignedNote {
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
}

/**
 * Splits a note into body and signatures (C2SP signed-note). Nothing is verified and the body is not looked into.
 *
 * ```
 * <text, ends in LF>
 * LF
 * — <name> <base64(4-byte key hint ‖ signature)> LF      (one or more)
 * ```
 *
 * @throws TlogError NOTE when malformed, LIMIT on more than 100 signatures or 1 MiB
 */
export function parseSignedNote(text: string): SignedNote {
  if (text.length > MAX_NOTE_LENGTH) {
    throw new TlogError(
      'LIMIT',
      `signed note of ${text.length} characters, at most ${MAX_NOTE_LENGTH} are taken`,
    );
  }
  assertNoteText(text);
  // The text may hold blank lines of its own; the signatures begin after the last one.
  const split = text.lastIndexOf('\n\n');
  if (split < 0) throw new TlogError('NOTE', 'signed note has no blank line before its signatures');
  if (!text.endsWith('\n')) throw new TlogError('NOTE', 'signed note does not end in a line feed');
  return { body: text.slice(0, split + 1), signatures: parseSignatureLines(text.slice(split + 2)) };
}

/**
 * The lines after the blank one, each with its line feed: at least one.
 *
 * @throws TlogError NOTE when malformed, LIMIT on more than 100
 */
export function parseSignatureLines(block: string): NoteSignature[] {
  if (!block.endsWith('\n')) throw new TlogError('NOTE', 'signed note has no signature line');
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) {
    throw new TlogError(
      'LIMIT',
      `signed note has ${lines.length} signatures, at most ${MAX_SIGNATURES} are taken`,
    );
  }
  return lines.map(parseSignatureLine);
}

/**
 * The note as text; the inverse of {@link parseSignedNote}.
 *
 * @throws TlogError NOTE when body, a name or a signature cannot be written
 */
export function formatSignedNote(note: SignedNote): string {
  assertNoteText(note.body);
  if (!note.body.endsWith('\n')) throw new TlogError('NOTE', 'note body does not end in a line feed');
  if (note.signatures.length === 0) throw new TlogError('NOTE', 'a signed note needs at least one signature');
  return `${note.body}\n${formatSignatureLines(note.signatures)}`;
}

/**
 * The lines as they stand after the blank one.
 *
 * @throws TlogError NOTE when a name or a signature cannot be written
 */
export function formatSignatureLines(signatures: readonly NoteSignature[]): string {
  return signatures.map(formatSignatureLine).join('');
}

function parseSignatureLine(line: string): NoteSignature {
  if (!line.startsWith(SIGNATURE_PREFIX)) {
    throw new TlogError('NOTE', 'signature line does not start with an em dash and a space');
  }
  const rest = line.slice(SIGNATURE_PREFIX.length);
  const space = rest.indexOf(' ');
  const name = space < 0 ? rest : rest.slice(0, space);
  if (space < 0 || !isKeyName(name)) throw new TlogError('NOTE', 'signature line has no valid key name');
  const bytes = decodeSignature(rest.slice(space + 1));
  return { name, keyHint: bytes.slice(0, KEY_HINT_SIZE), signature: bytes.slice(KEY_HINT_SIZE) };
}

function decodeSignature(text: string): Uint8Array {
  try {
    const bytes = decodeBase64(text);
    if (bytes.length > KEY_HINT_SIZE) return bytes;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('NOTE', 'signature line does not hold padded base64', { cause });
  }
  throw new TlogError('NOTE', `signature line holds no more than the ${KEY_HINT_SIZE}-byte key hint`);
}

function formatSignatureLine({ name, keyHint, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw new TlogError('NOTE', `not a valid key name: ${JSON.stringify(name)}`);
  if (keyHint.length !== KEY_HINT_SIZE) {
    throw new TlogError('NOTE', `key hint of ${keyHint.length} bytes, want ${KEY_HINT_SIZE}`);
  }
  if (signature.length === 0) throw new TlogError('NOTE', 'empty signature');
  return `${SIGNATURE_PREFIX}${name} ${encodeBase64(concatBytes(keyHint, signature))}\n`;
}

/** Key names are non-empty, without Unicode white space and without `+` (which separates the parts of a vkey). */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}+]/u.test(name);
}

function assertNoteText(text: string): void {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 && unit !== 0x0a)
      throw new TlogError('NOTE', `control character at offset ${at} of a note`);
  }
  // A lone surrogate has no UTF-8 form, so the text could not be what was signed.
  if (/\p{Surrogate}/u.test(text)) throw new TlogError('NOTE', 'note is not valid Unicode');
}
