import { type HashAlgorithm, sha256 } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { TlogError } from './errors.ts';
import { type SpecReader } from './spec-reader.ts';

/** A digest as an entry states it. */
export interface SpecHash {
  readonly algorithm: HashAlgorithm;
  /** Hex exactly as sent: another case is another leaf. */
  readonly value: string;
}

const HEX_LENGTHS: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const MAX_LENGTH = 256;

/**
 * `{algorithm, value}`.
 *
 * @param algorithms those the entry's schema has
 * @throws TlogError SPEC
 */
export function readSpecHash(reader: SpecReader, algorithms: readonly HashAlgorithm[]): SpecHash {
  const algorithm = readAlgorithm(reader, algorithms);
  const value = reader.text('value', MAX_LENGTH);
  const length = HEX_LENGTHS[algorithm];
  if (value.length !== length || !/^[0-9a-fA-F]+$/.test(value)) {
    const got = value.length === length ? 'other characters' : `${value.length} characters`;
    const field = reader.at('value');
    throw new TlogError(
      'SPEC',
      `${field} in body should be ${length} hex digits for ${algorithm}, got ${got}`,
      { field },
    );
  }
  return { algorithm, value };
}

/** As {@link readSpecHash}, for the schemas that know SHA-256 only. */
export function readSha256(reader: SpecReader): SpecHash {
  return readSpecHash(reader, ['sha256']);
}

export function sha256Of(bytes: Uint8Array): SpecHash {
  return { algorithm: 'sha256', value: encodeHex(sha256(bytes)) };
}

function readAlgorithm(reader: SpecReader, algorithms: readonly HashAlgorithm[]): HashAlgorithm {
  const text = reader.text('algorithm', MAX_LENGTH);
  const algorithm = algorithms.find((known) => known === text);
  if (algorithm !== undefined) return algorithm;
  const field = reader.at('algorithm');
  throw new TlogError('SPEC', `${field} in body should be one of [${algorithms.join(' ')}]`, { field });
}
