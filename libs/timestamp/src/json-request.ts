import { decodeBase64, decodeUtf8, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';
import { hashOfName } from './digest-algorithm.ts';
import { decodingRequest, malformed, TimestampError } from './errors.ts';
import { topLevelSources } from './json-sources.ts';
import type { TimeStampReq } from './time-stamp-req.ts';

/** Upstream's bound on the whole body. It also bounds the digits of the nonce, whose conversion is quadratic. */
export const MAX_JSON_REQUEST_BYTES = 1024;
const MAX_OID_COMPONENTS = 128;

/**
 * The JSON form of a request: `artifactHash` (standard base64 of the digest), `hashAlgorithm` (`sha256`, `sha384` or
 * `sha512` in any case), `certificates`, `nonce` (an integer literal of any size) and `tsaPolicyOID`. Null counts as
 * absent, unknown members are passed over, a member that stands twice is refused.
 *
 * @param body UTF-8, at most 1024 bytes
 * @throws TimestampError TOO_LARGE, MALFORMED, WEAK_HASH, HASH_ALGORITHM or OID_COMPONENTS
 */
export function parseJsonRequest(body: Uint8Array): TimeStampReq {
  assertSize(body);
  return decodingRequest(() => {
    const text = decodeUtf8(body);
    const members = parseJson(text, { maxBytes: MAX_JSON_REQUEST_BYTES, maxDepth: 8 });
    if (!isJsonObject(members)) throw malformed('request is not a JSON object');
    const sources = topLevelSources(text);
    const policy = textMember('tsaPolicyOID', members['tsaPolicyOID']);
    return {
      hash: hashOfName(textMember('hashAlgorithm', members['hashAlgorithm'])),
      policy: policy === '' ? undefined : dottedOid(policy),
      hashedMessage: decodeBase64(textMember('artifactHash', members['artifactHash'])),
      nonce: integerLiteral('nonce', sources.get('nonce')),
      certReq: flagMember('certificates', members['certificates']),
      extensions: [],
    };
  });
}

function assertSize(body: Uint8Array): void {
  if (body.length > MAX_JSON_REQUEST_BYTES) {
    throw new TimestampError('TOO_LARGE', 'timestamp request is too large');
  }
}

function textMember(name: string, value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw malformed(`${name} is not a string`);
  return value;
}

function flagMember(name: string, value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw malformed(`${name} is neither true nor false`);
  return value;
}

/** From the literal itself: as a JavaScript number it would lose digits. */
function integerLiteral(name: string, source: string | undefined): bigint | undefined {
  if (source === undefined || source === 'null') return undefined;
  if (!/^-?\d+$/.test(source)) throw malformed(`${name} is not an integer literal`);
  return BigInt(source);
}

function dottedOid(text: string): string {
  let dots = 0;
  for (const character of text) if (character === '.') dots++;
  if (dots >= MAX_OID_COMPONENTS) {
    throw new TimestampError(
      'OID_COMPONENTS',
      `OID should be comprised of at most ${MAX_OID_COMPONENTS} components`,
    );
  }
  if (!/^\d+(?:\.\d+)+$/.test(text)) throw malformed('tsaPolicyOID is not a dotted OBJECT IDENTIFIER');
  return text;
}
