import type { IncomingHttpHeaders } from 'node:http';
import { decodeBase64Lenient, decodeUtf8, EncodingError, parseJson } from '@sigstead/encoding';
import type { Credentials } from '@sigstead/oci';
import { HttpProblem } from '@sigstead/server';
import { z } from 'zod';
import { invalidField, readShape } from './read-json.ts';

const MAX_TOKEN_LENGTH = 16_384;
const MAX_REGISTRY_AUTH = 16_384;

/**
 * The identity token, in the Authorization header or in the body.
 *
 * @throws HttpProblem 400, 401 without one; no part of it is repeated
 */
export function readToken(field: string | undefined, authorization: string | undefined): string {
  const header = authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (authorization !== undefined && header === undefined)
    throw invalidField('authorization', 'Authorization must be Bearer and one token');
  if (field !== undefined && header !== undefined && field !== header)
    throw invalidField('identityToken', 'identityToken and the Authorization header hold different tokens');
  const token = field ?? header;
  if (token !== undefined && token.length <= MAX_TOKEN_LENGTH) return token;
  if (token !== undefined)
    throw invalidField(
      'identityToken',
      `the token has ${token.length} characters, at most ${MAX_TOKEN_LENGTH} are taken`,
    );
  throw new HttpProblem(401, 'an OIDC identity token is needed, as bearer token or as identityToken', {
    type: 'identity-token-missing',
    headers: { 'www-authenticate': 'Bearer' },
    extra: { step: 'input' },
  });
}

/** @throws HttpProblem 400 */
export function readIdempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw invalidField('idempotency-key', 'Idempotency-Key must be 1 to 255 visible characters');
}

export const credentialsSchema = z.strictObject({
  username: z.string().min(1).max(1024),
  password: z.string().max(16_384),
});
const registryAuth = z.object({
  username: z.string().min(1).max(1024),
  password: z.string().max(16_384),
  serveraddress: z.string().min(1).max(1024),
});

/**
 * Credentials for one registry as docker's clients send them: `X-Registry-Auth`, base64url of
 * `{"username", "password", "serveraddress"}`.
 *
 * @throws HttpProblem 400; no part of it is repeated
 */
export function readRegistryAuth(headers: IncomingHttpHeaders): ReadonlyMap<string, Credentials> {
  const header = headers['x-registry-auth'];
  if (header === undefined) return new Map();
  const { username, password, serveraddress } = readShape(registryAuth, decodeHeader(header), [
    'x-registry-auth',
  ]);
  return new Map([[registryNameOf(serveraddress), { username, password }]]);
}

function decodeHeader(header: string | string[]): unknown {
  try {
    if (typeof header !== 'string') throw new EncodingError('BASE64', 'given twice');
    return parseJson(decodeUtf8(decodeBase64Lenient(header)), { maxBytes: MAX_REGISTRY_AUTH, maxDepth: 2 });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw invalidField('x-registry-auth', 'X-Registry-Auth must be base64url of a JSON object', cause);
  }
}

/** A registry as in references, however docker's files spell it. */
export function registryNameOf(text: string): string {
  const host = text
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '');
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
