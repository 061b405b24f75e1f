export {
  decodeBase64,
  decodeBase64Lenient,
  decodeBase64Url,
  encodeBase64,
  encodeBase64Url,
} from './base64.ts';
export { compareBytes, concatBytes, decodeUtf8, encodeUtf8, equalBytes } from './bytes.ts';
export { canonicalizeJson } from './canonical-json.ts';
export { DerReader, type DerElement } from './der-reader.ts';
export { tags } from './der-tags.ts';
export {
  der,
  derBitString,
  derBoolean,
  derExplicit,
  derGeneralizedTime,
  derIa5String,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derPrintableString,
  derSequence,
  derSet,
  derTime,
  derUtcTime,
  derUtf8String,
} from './der-writer.ts';
export { EncodingError, type EncodingErrorCode } from './errors.ts';
export { decodeHex, encodeHex } from './hex.ts';
export { isJsonObject, parseJson, type JsonLimits, type JsonObject, type JsonValue } from './json.ts';
export { decodePem, encodePem, type PemBlock } from './pem.ts';
export { TlsReader, tlsU16, tlsU24, tlsU64, tlsU8, tlsVector16, tlsVector24, tlsVector8 } from './tls.ts';
