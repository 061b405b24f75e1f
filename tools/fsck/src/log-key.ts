import { KeyError, PublicKey } from '@sigstead/crypto';
import { decodeBase64, EncodingError } from '@sigstead/encoding';
import { noteKeyOf, noteVerifierOf, parseVerifierKey, TlogError, type NoteKey } from '@sigstead/tlog';
import { FsckError } from './errors.ts';

/** What a log's entries are, and how its tiles hold them. */
export const LOG_KINDS = ['tlog', 'rekor-v2', 'ct'] as const;
export type LogKind = (typeof LOG_KINDS)[number];

const VKEY = /^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/;

export function isVerifierKey(text: string): boolean {
  return VKEY.test(text.trim());
}

/**
 * The key that signs a log's checkpoints.
 *
 * @param text a vkey (C2SP signed-note), a PEM public key or base64 of a DER SubjectPublicKeyInfo
 * @param origin may be left out with a vkey, which names it
 * @throws FsckError USAGE
 */
export function readLogKey(text: string, origin: string | undefined, kind: LogKind): NoteKey {
  try {
    if (isVerifierKey(text)) return readVerifierKey(text.trim(), origin);
    if (origin === undefined) throw new FsckError('USAGE', '--origin is missing: only a vkey names it');
    const key = readPublicKey(text);
    return kind === 'ct' ? noteKeyOf('rfc6962', origin, key) : noteVerifierOf(origin, key);
  } catch (cause) {
    if (!(cause instanceof KeyError || cause instanceof TlogError || cause instanceof EncodingError))
      throw cause;
    throw new FsckError('USAGE', `the public key: ${cause.message}`, { cause });
  }
}

function readVerifierKey(vkey: string, origin: string | undefined): NoteKey {
  const key = parseVerifierKey(vkey);
  if (!('verify' in key)) throw new FsckError('USAGE', `no ${key.algorithm} key can be verified with here`);
  if (origin !== undefined && origin !== key.name)
    throw new FsckError('USAGE', `--origin is ${origin}, the vkey is of ${key.name}`);
  return key;
}

function readPublicKey(text: string): PublicKey {
  if (text.includes('-----BEGIN')) return PublicKey.fromPem(text);
  return PublicKey.fromSpki(decodeBase64(text.replace(/\s+/g, '')));
}
