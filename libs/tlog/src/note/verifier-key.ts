import { KeyError, type PublicKey } from '@sigstead/crypto';
import { concatBytes, decodeBase64, encodeBase64, encodeHex, EncodingError } from '@sigstead/encoding';
import { type NoteVerifier } from '../checkpoint-signature.ts';
import { TlogError } from '../errors.ts';
import { isKeyName } from '../signed-note.ts';
import {
  assertAccepts,
  findScheme,
  hashKey,
  type NoteAlgorithm,
  type NoteScheme,
  plainSchemeOf,
  schemeOf,
} from './note-scheme.ts';

/** The longest key there is a type for, RSA of 8192 bits, and an ML-DSA key take less than half of it. */
const MAX_VKEY_CHARACTERS = 4096;
const KEY_HINT_SIZE = 4;
const ML_DSA_44_TYPE = 0x06;
const ML_DSA_44_KEY_SIZE = 1312;

/** A key of a note under its name. */
export interface NoteKey extends NoteVerifier {
  readonly algorithm: NoteAlgorithm;
  readonly name: string;
  /** 32 bytes, untruncated: for a log key its `logId.keyId`. */
  readonly keyId: Uint8Array;
  readonly key: PublicKey;
}

/** A key of a type that is known and cannot be verified with here: its lines are those of an unknown key. */
export interface UnsupportedNoteKey {
  readonly algorithm: 'ml-dsa-44';
  readonly name: string;
  readonly keyHint: Uint8Array;
}

/**
 * Verifies what a log key signs: Ed25519 (type 0x01), ECDSA over SHA-256 (0x02), RSA PKCS#1 v1.5 over SHA-256 (0xff).
 *
 * @throws TlogError VERIFIER_KEY when the origin cannot be the name of a key
 */
export function noteVerifierOf(origin: string, key: PublicKey): NoteKey {
  return bindKey(plainSchemeOf(key), origin, key);
}

/**
 * The same key under another signature type: `cosignature` for Ed25519 witnesses, `rfc6962` for CT logs.
 *
 * @throws TlogError VERIFIER_KEY when the type has no such keys, or for the name
 */
export function noteKeyOf(algorithm: NoteAlgorithm, name: string, key: PublicKey): NoteKey {
  return bindKey(schemeOf(algorithm), name, key);
}

/**
 * Reads a vkey, `<name>+<8 hex digits of the key hint>+<base64(type ‖ key)>` (C2SP signed-note).
 *
 * @throws TlogError VERIFIER_KEY when malformed, of an unknown type, or when the key hint is not that of name and key
 */
export function parseVerifierKey(vkey: string): NoteKey | UnsupportedNoteKey {
  if (vkey.length > MAX_VKEY_CHARACTERS) {
    throw new TlogError(
      'VERIFIER_KEY',
      `verifier key of ${vkey.length} characters, want at most ${MAX_VKEY_CHARACTERS}`,
    );
  }
  const [, name, hint, encoded] = /^([^+]*)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey) ?? [];
  if (name === undefined || hint === undefined || encoded === undefined) {
    throw new TlogError('VERIFIER_KEY', 'verifier key is not <name>+<8 lower-case hex digits>+<base64>');
  }
  const key = decodeTypedKey(name, decodeKey(encoded));
  if (encodeHex(key.keyHint) !== hint) {
    throw new TlogError(
      'VERIFIER_KEY',
      `verifier key with key hint ${hint}, want ${encodeHex(key.keyHint)} for its name and key`,
    );
  }
  return key;
}

/**
 * The vkey of a public key.
 *
 * @param algorithm what the key does under that name; as a plain log key unless told
 * @throws TlogError VERIFIER_KEY
 */
export function formatVerifierKey(name: string, key: PublicKey, algorithm?: NoteAlgorithm): string {
  const scheme = algorithm === undefined ? plainSchemeOf(key) : schemeOf(algorithm);
  const { keyHint } = bindKey(scheme, name, key);
  return `${name}+${encodeHex(keyHint)}+${encodeBase64(concatBytes(scheme.prefix, scheme.encodeKey(key)))}`;
}

function bindKey(scheme: NoteScheme, name: string, key: PublicKey): NoteKey {
  assertKeyName(name);
  assertAccepts(scheme, key);
  const keyId = scheme.keyId(name, key);
  return {
    algorithm: scheme.algorithm,
    name,
    keyId,
    keyHint: keyId.slice(0, KEY_HINT_SIZE),
    key,
    verify: (message, signature) => scheme.verify(name, key, message, signature),
  };
}

function assertKeyName(name: string): void {
  if (!isKeyName(name)) {
    throw new TlogError(
      'VERIFIER_KEY',
      `key name ${JSON.stringify(name.slice(0, 64))}, want no white space, no + and not nothing`,
    );
  }
}

function decodeKey(encoded: string): Uint8Array {
  try {
    return decodeBase64(encoded);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('VERIFIER_KEY', 'key in a verifier key is not padded base64', { cause });
  }
}

function decodeTypedKey(name: string, typed: Uint8Array): NoteKey | UnsupportedNoteKey {
  if (typed[0] === ML_DSA_44_TYPE) return mlDsaKey(name, typed.subarray(1));
  const scheme = findScheme(typed);
  if (scheme === undefined) {
    throw new TlogError(
      'VERIFIER_KEY',
      `verifier key of the signature type ${typed[0] ?? 'nothing'}, want 1, 2, 4, 5 or RSA`,
    );
  }
  try {
    return bindKey(scheme, name, scheme.decodeKey(typed.subarray(scheme.prefix.length)));
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new TlogError('VERIFIER_KEY', `verifier key of type ${scheme.algorithm}: ${cause.message}`, {
      cause,
    });
  }
}

function mlDsaKey(name: string, key: Uint8Array): UnsupportedNoteKey {
  assertKeyName(name);
  if (key.length !== ML_DSA_44_KEY_SIZE) {
    throw new TlogError('VERIFIER_KEY', `ML-DSA-44 key of ${key.length} bytes, want ${ML_DSA_44_KEY_SIZE}`);
  }
  const keyId = hashKey(name, Uint8Array.of(ML_DSA_44_TYPE), key);
  return { algorithm: 'ml-dsa-44', name, keyHint: keyId.slice(0, KEY_HINT_SIZE) };
}
