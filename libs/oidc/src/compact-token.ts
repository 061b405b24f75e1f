import { decodeBase64Url, EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { OidcError } from './errors.ts';

/** The largest token looked at. GitHub's are 1.5 to 3 KiB, Kubernetes and Entra tokens stay below 8 KiB. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

const MAX_DEPTH = 8;

/** Header and payload of a compact JWS whose signature nobody has checked yet. */
export interface UnverifiedToken {
  readonly compact: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/** Size before anything else: what follows costs time in proportion to it. */
export function assertTokenSize(token: string): void {
  if (token.length === 0) throw new OidcError('TOKEN_SIZE', 'token: none was given');
  if (token.length > MAX_TOKEN_LENGTH) {
    throw new OidcError(
      'TOKEN_SIZE',
      `token: ${token.length} characters, at most ${MAX_TOKEN_LENGTH} are taken`,
    );
  }
}

/**
 * Compact serialisation (RFC 7515 section 7.1): exactly two dots, base64url JSON objects of bounded depth.
 * The parts are found by their dots one by one; a token of dots only is never split into thousands of strings.
 *
 * @throws OidcError TOKEN_FORMAT
 */
export function parseCompactToken(token: string): UnverifiedToken {
  const first = token.indexOf('.');
  const second = first < 0 ? -1 : token.indexOf('.', first + 1);
  if (second < 0 || token.includes('.', second + 1)) {
    throw new OidcError('TOKEN_FORMAT', 'token: want a signed JWT of exactly three parts');
  }
  const header = parsePart('header', token.slice(0, first));
  const claims = parsePart('payload', token.slice(first + 1, second));
  decodePart('signature', token.slice(second + 1));
  return { compact: token, header, claims };
}

function parsePart(part: string, text: string): JsonObject {
  const bytes = decodePart(part, text);
  try {
    const value = parseJson(bytes, { maxBytes: MAX_TOKEN_LENGTH, maxDepth: MAX_DEPTH });
    if (isJsonObject(value)) return value;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new OidcError('TOKEN_FORMAT', `token ${part}: ${cause.message}`, { cause });
  }
  throw new OidcError('TOKEN_FORMAT', `token ${part}: want a JSON object`);
}

function decodePart(part: string, text: string): Uint8Array {
  try {
    return decodeBase64Url(text);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new OidcError('TOKEN_FORMAT', `token ${part}: ${cause.message}`, { cause });
  }
}
