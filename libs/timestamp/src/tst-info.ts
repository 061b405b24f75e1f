import {
  derExplicit,
  derGeneralizedTime,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  EncodingError,
} from '@sigstead/encoding';
import { digestAlgorithmWithNull } from './digest-algorithm.ts';
import { TimestampError } from './errors.ts';
import type { TimeStampReq } from './time-stamp-req.ts';

/** What one timestamp says. */
export interface TstInfo {
  readonly policy: string;
  readonly hash: TimeStampReq['hash'];
  readonly hashedMessage: Uint8Array;
  /** Unsigned big-endian, 1 to 20 octets, not zero. */
  readonly serialNumber: Uint8Array;
  /** Milliseconds are cut off. */
  readonly genTime: Date;
  /** How far genTime may be off, in whole seconds. */
  readonly accuracySeconds: number;
  readonly nonce: bigint | undefined;
  /** DER Name of the authority: the subject of its certificate. */
  readonly tsa: Uint8Array;
}

const VERSION_1 = derInteger(1n);
const MAX_SERIAL_OCTETS = 20;
const DIRECTORY_NAME = 4;

/**
 * TSTInfo in DER (RFC 3161 section 2.4.2); ordering is left at its default FALSE, extensions are never written.
 *
 * ```asn1
 * TSTInfo ::= SEQUENCE {
 *   version INTEGER { v1(1) }, policy OBJECT IDENTIFIER, messageImprint MessageImprint, serialNumber INTEGER,
 *   genTime GeneralizedTime, accuracy Accuracy OPTIONAL, ordering BOOLEAN DEFAULT FALSE, nonce INTEGER OPTIONAL,
 *   tsa [0] GeneralName OPTIONAL, extensions [1] IMPLICIT Extensions OPTIONAL }
 * Accuracy ::= SEQUENCE { seconds INTEGER OPTIONAL, millis [0] INTEGER OPTIONAL, micros [1] INTEGER OPTIONAL }
 * ```
 *
 * @throws TimestampError PROFILE
 */
export function encodeTstInfo(info: TstInfo): Uint8Array {
  return derSequence(
    VERSION_1,
    derOid(info.policy),
    derSequence(digestAlgorithmWithNull(info.hash), derOctetString(info.hashedMessage)),
    serialNumber(info.serialNumber),
    generalizedTime(info.genTime),
    accuracy(info.accuracySeconds),
    ...(info.nonce === undefined ? [] : [derInteger(info.nonce)]),
    derExplicit(0, derExplicit(DIRECTORY_NAME, info.tsa)),
  );
}

function serialNumber(value: Uint8Array): Uint8Array {
  if (value.length > MAX_SERIAL_OCTETS || value.every((octet) => octet === 0)) {
    throw new TimestampError(
      'PROFILE',
      `serial number of ${value.length} octets, want 1 to ${MAX_SERIAL_OCTETS} that are not all zero`,
    );
  }
  return derInteger(value);
}

/** Always GeneralizedTime, also before 2050, unlike in certificates. */
function generalizedTime(date: Date): Uint8Array {
  try {
    return derGeneralizedTime(date);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TimestampError('PROFILE', `genTime: ${cause.message}`, { cause });
  }
}

function accuracy(seconds: number): Uint8Array {
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw new TimestampError('PROFILE', `accuracy of ${seconds} seconds, want a whole number from 1`);
  }
  return derSequence(derInteger(BigInt(seconds)));
}
