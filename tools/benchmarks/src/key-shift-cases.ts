import { encodeEcdsaSignature, PublicKey, type CurveName, type HashAlgorithm } from '@sigstead/crypto';
import { createHash, generateKeyPairSync, randomBytes, randomInt, sign } from 'node:crypto';

/** What is done to a sound signature. After the first two it is still one, after the others hardly ever. */
export const CHANGES = ['as signed', 'n - s', 'digest', 'r', 's', 'swapped', 'key'] as const;

export type Change = (typeof CHANGES)[number];

export interface SignatureCase {
  readonly change: Change;
  readonly key: PublicKey;
  readonly hash: HashAlgorithm;
  readonly digest: Uint8Array;
  /** DER. */
  readonly signature: Uint8Array;
}

export interface CaseCurve {
  readonly name: CurveName;
  readonly order: bigint;
}

const HASHES = ['sha256', 'sha384', 'sha512'] as const;
const MAX_MESSAGE_BYTES = 100;

/** A signature of OpenSSL by a key of its own over a message by chance, changed as told. */
export function makeCase({ name, order }: CaseCurve, change: Change): SignatureCase {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: name });
  const hash = HASHES[randomInt(HASHES.length)] as HashAlgorithm;
  const message = randomBytes(randomInt(MAX_MESSAGE_BYTES + 1));
  const digest = new Uint8Array(createHash(hash).update(message).digest());
  const signature = sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('hex');
  const [r, s] = [0, 1].map((half) =>
    BigInt(`0x${signature.slice((half * signature.length) / 2, ((half + 1) * signature.length) / 2)}`),
  ) as [bigint, bigint];
  const sound = { change, key: keyOf(publicKey.export({ type: 'spki', format: 'der' })), hash, digest };
  const bit = 1n << BigInt(randomInt(order.toString(2).length));
  switch (change) {
    case 'as signed':
      return { ...sound, signature: encodeEcdsaSignature({ r, s }) };
    case 'n - s':
      return { ...sound, signature: encodeEcdsaSignature({ r, s: order - s }) };
    case 'digest':
      return { ...sound, digest: withFlippedBit(digest), signature: encodeEcdsaSignature({ r, s }) };
    case 'r':
      return { ...sound, signature: encodeEcdsaSignature({ r: r ^ bit, s }) };
    case 's':
      return { ...sound, signature: encodeEcdsaSignature({ r, s: s ^ bit }) };
    case 'swapped':
      return { ...sound, signature: encodeEcdsaSignature({ r: s, s: r }) };
    case 'key':
      return { ...sound, key: otherKey(name), signature: encodeEcdsaSignature({ r, s }) };
  }
}

function otherKey(namedCurve: CurveName): PublicKey {
  return keyOf(generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'der' }));
}

function keyOf(spki: Uint8Array): PublicKey {
  return PublicKey.fromSpki(new Uint8Array(spki));
}

/** In the first 32 bytes: of a longer digest a P-256 signature binds no others. */
function withFlippedBit(digest: Uint8Array): Uint8Array {
  const at = randomInt(8 * 32);
  return digest.map((byte, i) => (i === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
}
