import { type Ed25519Parameters, PublicKey, sha256, verifyMessage } from '@sigstead/crypto';
import { concatBytes, derBitString, derOid, derSequence, encodeUtf8, equalBytes } from '@sigstead/encoding';
import { TlogError } from '../errors.ts';
import { REKOR_HASH } from '../rekor-key.ts';
import { verifyCosignature } from './cosigned-message.ts';
import { verifyRfc6962Signature } from './tree-head-signature.ts';

/** What a key does in notes: the same key has another key ID in each of these. */
export type NoteAlgorithm = 'ed25519' | 'ecdsa' | 'rsa' | 'cosignature' | 'rfc6962';

/** How one signature type of C2SP signed-note names its keys and verifies. */
export interface NoteScheme {
  readonly algorithm: NoteAlgorithm;
  /** First bytes of the key in a vkey: the signature type, for 0xff with an identifier behind it. */
  readonly prefix: Uint8Array;
  /** The key as it stands in a vkey, behind the prefix. */
  encodeKey(key: PublicKey): Uint8Array;
  /** @throws KeyError */
  decodeKey(bytes: Uint8Array): PublicKey;
  accepts(key: PublicKey): boolean;
  /** 32 bytes, the first 4 of which are the key hint. */
  keyId(name: string, key: PublicKey): Uint8Array;
  verify(name: string, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
}

const ID_ED25519 = '1.3.101.112';
/** What 0xff stands for in Rekor v2 (`pkg/note`). */
const RSA_IDENTIFIER = 'PKIX-RSA-PKCS#1v1.5';

const rawEd25519 = {
  encodeKey: ({ parameters }: PublicKey) => (parameters as Ed25519Parameters).point,
  decodeKey: (bytes: Uint8Array) =>
    PublicKey.fromSpki(derSequence(derSequence(derOid(ID_ED25519)), derBitString(bytes))),
  accepts: (key: PublicKey) => key.type === 'Ed25519',
};

const spki = {
  encodeKey: (key: PublicKey) => key.spki,
  decodeKey: (bytes: Uint8Array) => PublicKey.fromSpki(bytes),
};

const verifySigned = (_name: string, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean =>
  verifyMessage(key, REKOR_HASH, message, signature);

const ED25519: NoteScheme = {
  algorithm: 'ed25519',
  prefix: Uint8Array.of(0x01),
  ...rawEd25519,
  keyId: (name, key) => hashKey(name, Uint8Array.of(0x01), rawEd25519.encodeKey(key)),
  verify: verifySigned,
};

/** On every curve over SHA-256 of the note's text. The name is not part of the key ID. */
const ECDSA: NoteScheme = {
  algorithm: 'ecdsa',
  prefix: Uint8Array.of(0x02),
  ...spki,
  accepts: ({ type }) => type === 'P-256' || type === 'P-384' || type === 'P-521',
  keyId: (_name, key) => key.keyId,
  verify: verifySigned,
};

const RSA_PREFIX = concatBytes(Uint8Array.of(0xff), encodeUtf8(RSA_IDENTIFIER));

const RSA: NoteScheme = {
  algorithm: 'rsa',
  prefix: RSA_PREFIX,
  ...spki,
  accepts: ({ type }) => type === 'RSA',
  keyId: (name, key) => hashKey(name, RSA_PREFIX, key.spki),
  verify: verifySigned,
};

const COSIGNATURE: NoteScheme = {
  algorithm: 'cosignature',
  prefix: Uint8Array.of(0x04),
  ...rawEd25519,
  keyId: (name, key) => hashKey(name, Uint8Array.of(0x04), rawEd25519.encodeKey(key)),
  verify: (_name, key, message, signature) => verifyCosignature(key, message, signature),
};

/** The vkey has the SPKI, the key ID is made of its hash, the RFC 6962 log ID. */
const RFC6962: NoteScheme = {
  algorithm: 'rfc6962',
  prefix: Uint8Array.of(0x05),
  ...spki,
  accepts: ({ type }) => type === 'P-256' || type === 'RSA',
  keyId: (name, key) => hashKey(name, Uint8Array.of(0x05), key.keyId),
  verify: verifyRfc6962Signature,
};

const SCHEMES: readonly NoteScheme[] = [ED25519, ECDSA, RSA, COSIGNATURE, RFC6962];

/** The scheme of that algorithm. */
export function schemeOf(algorithm: NoteAlgorithm): NoteScheme {
  return SCHEMES.find((scheme) => scheme.algorithm === algorithm) as NoteScheme;
}

/** The scheme a plain log key signs notes with. */
export function plainSchemeOf(key: PublicKey): NoteScheme {
  return [ED25519, ECDSA, RSA].find((scheme) => scheme.accepts(key)) as NoteScheme;
}

/** The scheme whose keys begin like this, undefined when there is none. */
export function findScheme(typedKey: Uint8Array): NoteScheme | undefined {
  return SCHEMES.find(({ prefix }) => equalBytes(typedKey.subarray(0, prefix.length), prefix));
}

/** SHA-256(name ‖ LF ‖ type ‖ key), as C2SP signed-note recommends for key IDs. */
export function hashKey(name: string, type: Uint8Array, key: Uint8Array): Uint8Array {
  return sha256(concatBytes(encodeUtf8(`${name}\n`), type, key));
}

/** @throws TlogError VERIFIER_KEY */
export function assertAccepts(scheme: NoteScheme, key: PublicKey): void {
  if (!scheme.accepts(key)) {
    throw new TlogError(
      'VERIFIER_KEY',
      `${key.type} key, which note signatures of type ${scheme.algorithm} do not have`,
    );
  }
}
