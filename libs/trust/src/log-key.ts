import { DerReader, encodeBase64, encodePem } from '@sigstead/encoding';
import { KeyError, parseKeyDetails, PublicKey } from '@sigstead/crypto';
import { TrustError } from './errors.ts';
import type { MessageReader } from './message-reader.ts';

/** RSAPublicKey of PKCS #1 instead of an SPKI: deprecated, but the key of the first staging CT log is written so. */
const PKCS1_DETAILS = { name: 'PKCS1_RSA_PKCS1V5', number: 1 };
/** RSA of any size: deprecated for the names with a size. */
const UNSIZED_RSA_DETAILS = { name: 'PKIX_RSA_PKCS1V5', number: 3 };

export interface LogKey {
  readonly key: PublicKey;
  /** Name of the registry in sigstore_common.proto. */
  readonly keyDetails: string;
}

/**
 * `rawBytes` and `keyDetails` of a PublicKey message. The key must be of the type and size its details name.
 *
 * @throws TrustError KEY, KEY_DETAILS, BASE64, MISSING_FIELD
 */
export function readLogKey(message: MessageReader): LogKey {
  const rawBytes = message.bytes('rawBytes');
  const details = message.enum('keyDetails');
  const isOneOf = (wanted: { name: string; number: number }): boolean =>
    details === wanted.name || details === wanted.number;
  if (details === undefined) {
    throw new TrustError('MISSING_FIELD', 'is missing', { path: message.at('keyDetails') });
  }
  if (isOneOf(PKCS1_DETAILS)) {
    return {
      key: gate(message, () => PublicKey.fromPem(encodePem('RSA PUBLIC KEY', rawBytes))),
      keyDetails: PKCS1_DETAILS.name,
    };
  }
  const want = isOneOf(UNSIZED_RSA_DETAILS)
    ? { name: UNSIZED_RSA_DETAILS.name, type: 'RSA', rsaModulusBits: undefined }
    : registered(message, details);
  const key = gate(message, () => PublicKey.fromSpki(rawBytes));
  const sizeFits = want.rsaModulusBits === undefined || key.rsaModulusBits === want.rsaModulusBits;
  if (key.type !== want.type || !sizeFits) {
    const size = key.rsaModulusBits === undefined ? '' : ` of ${key.rsaModulusBits} bits`;
    throw new TrustError('KEY_DETAILS', `${want.name} for a key of type ${key.type}${size}`, {
      path: message.at('keyDetails'),
    });
  }
  return { key, keyDetails: want.name };
}

export function writeLogKey({ key, keyDetails }: LogKey): { rawBytes: string; keyDetails: string } {
  const rawBytes = keyDetails === PKCS1_DETAILS.name ? pkcs1Of(key) : key.spki;
  return { rawBytes: encodeBase64(rawBytes), keyDetails };
}

function registered(message: MessageReader, details: string | number): ReturnType<typeof parseKeyDetails> {
  try {
    return parseKeyDetails(details);
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new TrustError('KEY_DETAILS', cause.message, { cause, path: message.at('keyDetails') });
  }
}

function gate(message: MessageReader, make: () => PublicKey): PublicKey {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new TrustError('KEY', cause.message, { cause, path: message.at('rawBytes') });
  }
}

function pkcs1Of(key: PublicKey): Uint8Array {
  const fields = new DerReader(key.spki).sequence();
  fields.sequence();
  return fields.bitString().bytes;
}
