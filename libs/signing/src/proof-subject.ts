import { decodeBase64Url, EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { SigningError } from './errors.ts';

const MAX_TOKEN_LENGTH = 16 * 1024;

/**
 * What the proof of possession is made over: the token's `email` when it has one, which must then be verified, else its `sub`.
 * Every Sigstore client goes by this rule. The token is only read here; it is for the certificate authority to judge it.
 *
 * @param token compact JWS of at most 16384 characters; no part of it appears in an error
 * @throws SigningError TOKEN
 */
export function proofSubject(token: string): string {
  const { email, email_verified: verified, sub } = readClaims(token);
  if (typeof email === 'string' && email !== '') {
    if (verified === true || verified === 'true') return email;
    throw unusable('its email claim is not verified by the issuer');
  }
  if (typeof sub === 'string' && sub !== '') return sub;
  throw unusable('it has neither an email nor a sub claim');
}

function readClaims(token: string): JsonObject {
  if (token.length > MAX_TOKEN_LENGTH)
    throw unusable(`it has ${token.length} characters, at most ${MAX_TOKEN_LENGTH} are taken`);
  const [, payload] = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/.exec(token) ?? [];
  if (payload === undefined) throw unusable('it is not a JWT of three parts');
  try {
    const claims = parseJson(decodeBase64Url(payload), { maxBytes: MAX_TOKEN_LENGTH, maxDepth: 8 });
    if (isJsonObject(claims)) return claims;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw unusable('its payload is not JSON', cause);
  }
  throw unusable('its payload is not a JSON object');
}

function unusable(why: string, cause?: unknown): SigningError {
  return new SigningError('input', 'TOKEN', `identity token cannot be used: ${why}`, { cause });
}
