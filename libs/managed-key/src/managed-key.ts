import { assertStrongKey, KeyError, PrivateKeySigner } from '@sigstead/crypto';
import { decodePem, decodeUtf8, EncodingError, encodePem, type PemBlock } from '@sigstead/encoding';
import { ManagedKeyError } from './errors.ts';
import { openBox, sealBox } from './secret-box.ts';

/** What is written; cosign writes the same since 2.0. */
const LABEL = 'ENCRYPTED SIGSTORE PRIVATE KEY';
/** What is read; the second is that of older cosigns. */
const LABELS: readonly string[] = [LABEL, 'ENCRYPTED COSIGN PRIVATE KEY'];
/** Plain forms, and what writes them: `openssl genpkey`, `openssl ecparam -genkey`, `openssl genrsa`. */
const PLAIN_LABELS: readonly string[] = ['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY'];
/** A box of the largest key, in base64 twice. */
export const MAX_KEY_FILE_BYTES = 32 * 1024;

/**
 * A private key as a file that cosign reads.
 *
 * @param password UTF-8; may be empty
 * @param randomBytes cryptographic source
 */
export async function sealManagedKey(
  signer: PrivateKeySigner,
  password: Uint8Array,
  randomBytes: (size: number) => Uint8Array,
): Promise<string> {
  const pkcs8 = signer.toPkcs8();
  try {
    return encodePem(LABEL, await sealBox(pkcs8, password, randomBytes));
  } finally {
    pkcs8.fill(0);
  }
}

/**
 * The signer in a key file of ours or of cosign's. Its bytes are overwritten here; what remains is OpenSSL's.
 *
 * @throws ManagedKeyError
 */
export async function openManagedKey(file: Uint8Array, password: Uint8Array): Promise<PrivateKeySigner> {
  const { label, bytes } = privateKeyBlock(file);
  if (!LABELS.includes(label)) {
    const hint = PLAIN_LABELS.includes(label) ? '; import-key-pair makes one of it' : '';
    throw new ManagedKeyError(
      'UNSUPPORTED',
      `key file: the block is ${label}, want ${LABELS.join(' or ')}${hint}`,
    );
  }
  const pkcs8 = await openBox(bytes, password);
  try {
    return strong(() => PrivateKeySigner.fromPkcs8(pkcs8));
  } finally {
    pkcs8.fill(0);
  }
}

/**
 * A private key that another program made, in the clear: PKCS#8, SEC 1 or PKCS#1.
 *
 * @throws ManagedKeyError KEY also for RSA keys that are weak or of a size no client has a name for
 */
export function importPrivateKey(file: Uint8Array): PrivateKeySigner {
  const { label, bytes } = privateKeyBlock(file);
  if (!PLAIN_LABELS.includes(label)) {
    const hint = label === 'ENCRYPTED PRIVATE KEY' ? '; "openssl pkey -in FILE" decrypts it' : '';
    throw new ManagedKeyError(
      'UNSUPPORTED',
      `key file: the block is ${label}, want ${PLAIN_LABELS.join(' or ')}${hint}`,
    );
  }
  try {
    return strong(() => PrivateKeySigner.fromPem(encodePem(label, bytes)));
  } finally {
    bytes.fill(0);
  }
}

/** OpenSSL puts the parameters of an EC key before it, in a block of their own: what they say, the key says too. */
function privateKeyBlock(file: Uint8Array): PemBlock {
  if (file.length > MAX_KEY_FILE_BYTES) {
    throw new ManagedKeyError(
      'FORMAT',
      `key file: ${file.length} bytes, at most ${MAX_KEY_FILE_BYTES} are read`,
    );
  }
  const blocks = decodeBlocks(file).filter(({ label }) => label !== 'EC PARAMETERS');
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) {
    throw new ManagedKeyError('FORMAT', `key file: ${blocks.length} keys, want one`);
  }
  return block;
}

function decodeBlocks(file: Uint8Array): PemBlock[] {
  try {
    return decodePem(decodeUtf8(file), { maxBlocks: 4 });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new ManagedKeyError('FORMAT', `key file: ${cause.message}`, { cause });
  }
}

function strong(open: () => PrivateKeySigner): PrivateKeySigner {
  try {
    const signer = open();
    assertStrongKey(signer.publicKey);
    return signer;
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new ManagedKeyError('KEY', `key file: ${cause.message}`, { cause });
  }
}
