import type { HashAlgorithm } from './digest.ts';
import { KeyError } from './key-error.ts';
import type { KeyType } from './key-parameters.ts';
import type { PublicKey } from './public-key.ts';

/** One row of Sigstore's algorithm registry (sigstore_common.proto, PublicKeyDetails). */
export interface KeyDetails {
  /** Name in proto3 JSON. */
  readonly name: string;
  /** Number in the enum, which proto3 JSON accepts as well. */
  readonly number: number;
  readonly type: KeyType;
  readonly hash: HashAlgorithm;
  /** Only for RSA. */
  readonly rsaModulusBits: number | undefined;
  /** Ed25519ph: the signature is over the digest. */
  readonly prehashed: boolean;
}

/**
 * What this project signs and verifies. Missing on purpose: PSS, PKCS#1-encoded keys, LMS and ML-DSA. The two
 * deprecated SHA-256 rows are read, because older clients still write them.
 */
export const KEY_DETAILS: readonly KeyDetails[] = [
  row('PKIX_ECDSA_P256_SHA_256', 5, 'P-256', 'sha256'),
  row('PKIX_ECDSA_P384_SHA_384', 12, 'P-384', 'sha384'),
  row('PKIX_ECDSA_P521_SHA_512', 13, 'P-521', 'sha512'),
  row('PKIX_ECDSA_P384_SHA_256', 19, 'P-384', 'sha256'),
  row('PKIX_ECDSA_P521_SHA_256', 20, 'P-521', 'sha256'),
  row('PKIX_ED25519', 7, 'Ed25519', 'sha512'),
  row('PKIX_ED25519_PH', 8, 'Ed25519', 'sha512', { prehashed: true }),
  row('PKIX_RSA_PKCS1V15_2048_SHA256', 9, 'RSA', 'sha256', { rsaModulusBits: 2048 }),
  row('PKIX_RSA_PKCS1V15_3072_SHA256', 10, 'RSA', 'sha256', { rsaModulusBits: 3072 }),
  row('PKIX_RSA_PKCS1V15_4096_SHA256', 11, 'RSA', 'sha256', { rsaModulusBits: 4096 }),
];

const DEFAULT_HASH: Readonly<Record<KeyType, HashAlgorithm>> = {
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
  RSA: 'sha256',
  Ed25519: 'sha512',
};

/** The hash Sigstore pairs with a key unless told otherwise. For Ed25519 it is the one inside the algorithm. */
export function defaultHash(type: KeyType): HashAlgorithm {
  return DEFAULT_HASH[type];
}

/**
 * The registry's name for a key.
 *
 * @param hash {@link defaultHash} of the key's type unless given
 * @param options.prehashed for Ed25519ph; pure Ed25519 otherwise, whatever the hash
 * @throws KeyError KEY_DETAILS when the registry has no name for the combination, such as RSA of 2560 bits
 */
export function keyDetailsOf(
  key: PublicKey,
  hash?: HashAlgorithm,
  options: { prehashed?: boolean } = {},
): string {
  const want = {
    type: key.type,
    hash: hash ?? defaultHash(key.type),
    rsaModulusBits: key.rsaModulusBits,
    prehashed: options.prehashed ?? false,
  };
  const details = KEY_DETAILS.find(
    ({ type, hash, rsaModulusBits, prehashed }) =>
      type === want.type &&
      hash === want.hash &&
      rsaModulusBits === want.rsaModulusBits &&
      prehashed === want.prehashed,
  );
  if (details === undefined) {
    const size = want.rsaModulusBits === undefined ? '' : ` of ${want.rsaModulusBits} bits`;
    throw new KeyError('KEY_DETAILS', `no keyDetails for ${want.type}${size} with ${want.hash}`);
  }
  return details.name;
}

/**
 * The registry's row for a name or number.
 *
 * @throws KeyError KEY_DETAILS when it is not in {@link KEY_DETAILS}
 */
export function parseKeyDetails(nameOrNumber: string | number): KeyDetails {
  const details = KEY_DETAILS.find(({ name, number }) => name === nameOrNumber || number === nameOrNumber);
  if (details === undefined) {
    throw new KeyError(
      'KEY_DETAILS',
      `keyDetails not in the registry, want one of ${KEY_DETAILS.map(({ name }) => name).join(', ')}`,
    );
  }
  return details;
}

function row(
  name: string,
  number: number,
  type: KeyType,
  hash: HashAlgorithm,
  extra: { rsaModulusBits?: number; prehashed?: boolean } = {},
): KeyDetails {
  return {
    name,
    number,
    type,
    hash,
    rsaModulusBits: extra.rsaModulusBits,
    prehashed: extra.prehashed ?? false,
  };
}
