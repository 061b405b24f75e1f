import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import {
  decodeBase64,
  encodeBase64,
  encodeUtf8,
  EncodingError,
  isJsonObject,
  parseJson,
  type JsonObject,
} from '@sigstead/encoding';
import { ManagedKeyError } from './errors.ts';

const deriveKey = promisify<Uint8Array, Uint8Array, number, object, Buffer>(scrypt);

const SALT_SIZE = 32;
const NONCE_SIZE = 24;
const KEY_SIZE = 32;
const TAG_SIZE = 16;
/** An RSA key of 4096 bits takes 2.4 KiB. */
export const MAX_PLAINTEXT_SIZE = 8 * 1024;
const MAX_BOX_BYTES = 16 * 1024;

/**
 * The three strengths there are (legacy, standard, OWASP), all with r = 8 and p = 1. Nothing else is computed: whoever writes a
 * key file would decide otherwise how much memory and time reading it takes.
 */
const READ_COSTS: readonly number[] = [2 ** 15, 2 ** 16, 2 ** 17];
const WRITTEN_COST = 2 ** 16;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
/** scrypt needs 128 * N * r bytes, and a little. */
const MAX_MEMORY = 160 * 1024 * 1024;

/**
 * Encrypts with a password as go-securesystemslib's package `encrypted` does: scrypt, then NaCl's secretbox (XSalsa20 and
 * Poly1305, the tag first), all in one line of JSON.
 *
 * ```json
 * {"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"<32 bytes>"},
 *  "cipher":{"name":"nacl/secretbox","nonce":"<24 bytes>"},"ciphertext":"<16 bytes more than the plaintext>"}
 * ```
 *
 * @param password UTF-8; may be empty
 * @param randomBytes cryptographic source
 */
export async function sealBox(
  plaintext: Uint8Array,
  password: Uint8Array,
  randomBytes: (size: number) => Uint8Array,
): Promise<Uint8Array> {
  const salt = Uint8Array.from(randomBytes(SALT_SIZE));
  const nonce = Uint8Array.from(randomBytes(NONCE_SIZE));
  const ciphertext = await withKey(password, salt, WRITTEN_COST, (key) =>
    xsalsa20poly1305(key, nonce).encrypt(plaintext),
  );
  return encodeUtf8(
    JSON.stringify({
      kdf: {
        name: 'scrypt',
        params: { N: WRITTEN_COST, r: BLOCK_SIZE, p: PARALLELIZATION },
        salt: encodeBase64(salt),
      },
      cipher: { name: 'nacl/secretbox', nonce: encodeBase64(nonce) },
      ciphertext: encodeBase64(ciphertext),
    }),
  );
}

/**
 * @returns the plaintext; the caller's to overwrite
 * @throws ManagedKeyError FORMAT, UNSUPPORTED before any work is done, PASSWORD
 */
export async function openBox(box: Uint8Array, password: Uint8Array): Promise<Uint8Array> {
  const { salt, cost, nonce, ciphertext } = parseBox(box);
  return withKey(password, salt, cost, (key) => {
    try {
      return xsalsa20poly1305(key, nonce).decrypt(ciphertext);
    } catch {
      throw new ManagedKeyError('PASSWORD', 'the password does not open the key');
    }
  });
}

async function withKey<T>(
  password: Uint8Array,
  salt: Uint8Array,
  cost: number,
  use: (key: Uint8Array) => T,
): Promise<T> {
  const parameters = { N: cost, r: BLOCK_SIZE, p: PARALLELIZATION, maxmem: MAX_MEMORY };
  const derived = await deriveKey(password, salt, KEY_SIZE, parameters);
  try {
    return use(new Uint8Array(derived.buffer, derived.byteOffset, derived.length));
  } finally {
    derived.fill(0);
  }
}

interface Box {
  readonly salt: Uint8Array;
  readonly cost: number;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

function parseBox(bytes: Uint8Array): Box {
  const box = parseObject(bytes);
  const [kdf, cipher] = [objectIn(box, 'kdf'), objectIn(box, 'cipher')];
  assertName(kdf['name'], 'scrypt', 'key derivation');
  assertName(cipher['name'], 'nacl/secretbox', 'cipher');
  const cost = costOf(objectIn(kdf, 'params'));
  const salt = bytesIn(kdf, 'salt', SALT_SIZE, SALT_SIZE);
  const nonce = bytesIn(cipher, 'nonce', NONCE_SIZE, NONCE_SIZE);
  const ciphertext = bytesIn(box, 'ciphertext', TAG_SIZE, TAG_SIZE + MAX_PLAINTEXT_SIZE);
  return { salt, cost, nonce, ciphertext };
}

function parseObject(bytes: Uint8Array): JsonObject {
  try {
    const value = parseJson(bytes, { maxBytes: MAX_BOX_BYTES, maxDepth: 4 });
    if (isJsonObject(value)) return value;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new ManagedKeyError('FORMAT', `encrypted key: ${cause.message}`, { cause });
  }
  throw new ManagedKeyError('FORMAT', 'encrypted key: want a JSON object');
}

function objectIn(parent: JsonObject, name: string): JsonObject {
  const value = parent[name];
  if (isJsonObject(value)) return value;
  throw new ManagedKeyError('FORMAT', `encrypted key: ${name} is missing or no object`);
}

function assertName(got: unknown, want: string, what: string): void {
  if (got === want) return;
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 40)) : 'nothing';
  throw new ManagedKeyError('UNSUPPORTED', `encrypted key: the ${what} is ${shown}, want ${want}`);
}

function costOf({ N, r, p }: JsonObject): number {
  if (typeof N === 'number' && READ_COSTS.includes(N) && r === BLOCK_SIZE && p === PARALLELIZATION) return N;
  const shown = [N, r, p].map((value) => (typeof value === 'number' ? String(value) : '?')).join(', ');
  throw new ManagedKeyError(
    'UNSUPPORTED',
    `encrypted key: scrypt with N, r, p of ${shown}, want ${READ_COSTS.join(', ')} with ${BLOCK_SIZE} and ${PARALLELIZATION}`,
  );
}

function bytesIn(parent: JsonObject, name: string, minimum: number, maximum: number): Uint8Array {
  const value = parent[name];
  const bytes = typeof value === 'string' ? decoded(value) : undefined;
  if (bytes !== undefined && bytes.length >= minimum && bytes.length <= maximum) return bytes;
  const got = bytes === undefined ? 'no base64' : `${bytes.length} bytes`;
  const want = minimum === maximum ? `${minimum} bytes` : `${minimum} to ${maximum} bytes`;
  throw new ManagedKeyError('FORMAT', `encrypted key: ${name} is ${got}, want ${want}`);
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text);
  } catch {
    return undefined;
  }
}
