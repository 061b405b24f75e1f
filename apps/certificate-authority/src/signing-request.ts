import {
  decodeBase64Lenient,
  EncodingError,
  encodeUtf8,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { IssuanceError } from './issuance-error.ts';

/** Fulcio's bound for a request, HTTP and gRPC. */
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** Real requests are four levels deep; what is not known is skipped, but not at any depth. */
const MAX_DEPTH = 16;
/** Real requests have eight values. Megabytes of empty ones would keep everybody else waiting for seconds. */
const MAX_VALUES = 1000;

/** One request for a certificate, whatever dialect it came in. */
export interface SigningRequest {
  /** Identity token, empty when there was none. */
  readonly token: string;
  readonly key: PublicKeyRequest | CertificateSigningRequestBytes;
}

export interface PublicKeyRequest {
  readonly kind: 'public-key';
  /** PEM text, or DER. */
  readonly content: Uint8Array;
  readonly proofOfPossession: Uint8Array;
}

export interface CertificateSigningRequestBytes {
  readonly kind: 'certificate-signing-request';
  /** PEM text. */
  readonly content: Uint8Array;
}

/**
 * `CreateSigningCertificateRequest` of Fulcio v2 in proto3 JSON: names in either spelling, unknown fields ignored, bytes
 * in either base64 alphabet, an empty body is an empty message. The `algorithm` of the key is ignored: clients send
 * names outside the enumeration, and the key itself tells.
 *
 * @param authorization the header of that name; the token in the body comes first
 * @throws IssuanceError REQUEST
 */
export function parseSigningRequest(
  body: Uint8Array | undefined,
  authorization: string | undefined,
): SigningRequest {
  const message = parseMessage(body);
  const credentials = messageField(message, 'credentials', 'credentials');
  const token = stringField(
    credentials,
    'credentials.oidcIdentityToken',
    'oidcIdentityToken',
    'oidc_identity_token',
  );
  const byKey = field(message, 'publicKeyRequest', 'public_key_request');
  const bySigningRequest = field(message, 'certificateSigningRequest', 'certificate_signing_request');
  if (byKey !== undefined && bySigningRequest !== undefined) {
    throw new IssuanceError('REQUEST', 'publicKeyRequest and certificateSigningRequest exclude each other');
  }
  const content = bytes(bySigningRequest, 'certificateSigningRequest');
  return {
    token: token === '' ? bearerToken(authorization) : token,
    key: content.length > 0 ? { kind: 'certificate-signing-request', content } : parseKeyRequest(message),
  };
}

function parseKeyRequest(message: JsonObject): PublicKeyRequest {
  const request = messageField(message, 'publicKeyRequest', 'publicKeyRequest', 'public_key_request');
  const publicKey = messageField(request, 'publicKeyRequest.publicKey', 'publicKey', 'public_key');
  const proof = field(request, 'proofOfPossession', 'proof_of_possession');
  return {
    kind: 'public-key',
    // A proto string: the PEM text itself, where v1 has base64.
    content: encodeUtf8(stringField(publicKey, 'publicKeyRequest.publicKey.content', 'content')),
    proofOfPossession: bytes(proof, 'publicKeyRequest.proofOfPossession'),
  };
}

/**
 * The request of Fulcio v1: the token in the header only, the key in base64, the proof under the name of the address it
 * once signed.
 *
 * @throws IssuanceError REQUEST
 */
export function parseLegacySigningRequest(
  body: Uint8Array | undefined,
  authorization: string | undefined,
): SigningRequest {
  const message = parseMessage(body);
  const token = bearerToken(authorization);
  const signingRequest = bytes(
    field(message, 'certificateSigningRequest', 'certificate_signing_request'),
    'certificateSigningRequest',
  );
  if (signingRequest.length > 0)
    return { token, key: { kind: 'certificate-signing-request', content: signingRequest } };
  const publicKey = messageField(message, 'publicKey', 'publicKey', 'public_key');
  const content = bytes(field(publicKey, 'content'), 'publicKey.content');
  const proofOfPossession = bytes(
    field(message, 'signedEmailAddress', 'signed_email_address'),
    'signedEmailAddress',
  );
  return { token, key: { kind: 'public-key', content, proofOfPossession } };
}

function parseMessage(body: Uint8Array | undefined): JsonObject {
  if (body === undefined || body.length === 0) return {};
  const value = reading('request', () =>
    parseJson(body, { maxBytes: MAX_REQUEST_BYTES, maxDepth: MAX_DEPTH, maxValues: MAX_VALUES }),
  );
  if (!isJsonObject(value)) throw new IssuanceError('REQUEST', 'request: want a JSON object');
  return value;
}

/** The token behind `Bearer`, or the whole header where a client leaves the scheme out. */
export function bearerToken(authorization: string | undefined): string {
  return (authorization ?? '').replace(/^bearer +/i, '');
}

/** A field by any of its names; null is absent, twice is an error. */
function field(message: JsonObject, ...names: readonly string[]): JsonValue | undefined {
  const present = names.filter((name) => Object.hasOwn(message, name) && message[name] !== null);
  if (present.length > 1) throw new IssuanceError('REQUEST', `${names[0]}: given under two names`);
  return present[0] === undefined ? undefined : message[present[0]];
}

function messageField(message: JsonObject, path: string, ...names: readonly string[]): JsonObject {
  const value = field(message, ...names) ?? {};
  if (!isJsonObject(value)) throw new IssuanceError('REQUEST', `${path}: want a JSON object`);
  return value;
}

function stringField(message: JsonObject, path: string, ...names: readonly string[]): string {
  const value = field(message, ...names) ?? '';
  if (typeof value !== 'string') throw new IssuanceError('REQUEST', `${path}: want a string`);
  return value;
}

function bytes(value: JsonValue | undefined, path: string): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (typeof value !== 'string') throw new IssuanceError('REQUEST', `${path}: want base64`);
  // Go's decoder skips line breaks, so Fulcio takes what `base64` wraps at 76 columns.
  return reading(path, () => decodeBase64Lenient(value.replace(/[\r\n]/g, '')));
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new IssuanceError('REQUEST', `${path}: ${cause.message}`, { cause });
  }
}
