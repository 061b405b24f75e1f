import { encodeUtf8 } from '@sigstead/encoding';
import { CliError } from '../../cli-error.ts';

const LENGTH_DELIMITED = 2;
const SVIDS_FIELD = 1;
const SVID_FIELD = 2;

/**
 * ```protobuf
 * message JWTSVIDRequest { repeated string audience = 1; string spiffe_id = 2; }
 * ```
 *
 * @param audience shorter than 128 bytes
 */
export function encodeJwtSvidRequest(audience: string): Uint8Array {
  const text = encodeUtf8(audience);
  return Uint8Array.of((1 << 3) | LENGTH_DELIMITED, text.length, ...text);
}

/**
 * The tokens in the answer, the default identity first.
 *
 * ```protobuf
 * message JWTSVIDResponse { repeated JWTSVID svids = 1; }
 * message JWTSVID { string spiffe_id = 1; string svid = 2; string hint = 3; }
 * ```
 *
 * @throws CliError when it is no such message
 */
export function decodeJwtSvids(message: Uint8Array): string[] {
  return fields(message, SVIDS_FIELD).flatMap((svid) =>
    fields(svid, SVID_FIELD).map((text) => new TextDecoder().decode(text)),
  );
}

/** Every field of these messages is length-delimited; others would be of a later version, and none is known. */
function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < message.length;) {
    const tag = varint(message, at);
    const length = varint(message, tag.end);
    const end = length.end + length.value;
    if ((tag.value & 7) !== LENGTH_DELIMITED || end > message.length) throw malformed();
    if (tag.value >>> 3 === wanted) found.push(message.subarray(length.end, end));
    at = end;
  }
  return found;
}

function varint(message: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start, shift = 0; at < message.length && shift < 28; at++, shift += 7) {
    const byte = message[at] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw malformed();
}

function malformed(): CliError {
  return new CliError('the SPIFFE workload API answers with something else than tokens');
}
