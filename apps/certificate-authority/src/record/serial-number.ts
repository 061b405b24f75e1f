import { decodeHex } from '@sigstead/encoding';
import { RecordError } from './record-error.ts';

const MAX_OCTETS = 20;
/** Twenty octets with colons, and as many leading zeros as anybody might write. */
const MAX_CHARACTERS = 128;
const PLAIN = /^[0-9a-f]+$/i;
const WITH_COLONS = /^[0-9a-f]{2}(:[0-9a-f]{2})+$/i;

/**
 * A serial number as people have it before them: hexadecimal in either case, with or without leading zeros, octets
 * separated by colons (`openssl x509 -text`) or not.
 *
 * @returns unsigned big-endian without leading zeros, 1 to 20 octets
 * @throws RecordError SERIAL_NUMBER
 */
export function parseSerialNumber(text: string): Uint8Array {
  if (text.length <= MAX_CHARACTERS && (PLAIN.test(text) || WITH_COLONS.test(text))) {
    const digits = text.replaceAll(':', '').replace(/^0+/, '');
    const octets = decodeHex(digits.length % 2 === 0 ? digits : `0${digits}`);
    if (octets.length >= 1 && octets.length <= MAX_OCTETS) return octets;
  }
  throw new RecordError(
    'SERIAL_NUMBER',
    `serial number ${JSON.stringify(text.slice(0, 60))}, want a positive number of at most 40 hexadecimal digits`,
  );
}
