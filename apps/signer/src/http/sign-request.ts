import { EncodingError, parseJson, type JsonValue } from '@sigstead/encoding';
import { OciError, parseImageReference, type ImageReference } from '@sigstead/oci';
import { HttpProblem } from '@sigstead/server';
import { z } from 'zod';

export const MAX_BODY_BYTES = 64 * 1024;

/** Not `z.record`, which passes over a key `__proto__`: an annotation must be signed or refused. */
const annotationsSchema = z
  .custom<Record<string, string>>(isObject, 'want an object')
  .superRefine((value, context) => {
    for (const [name, text] of Object.entries(value)) {
      if (typeof text !== 'string' || name === '__proto__')
        context.addIssue({ code: 'custom', path: [name], message: 'want a text under a usable name' });
    }
  });

const schema = z.strictObject({
  /** host/repository[:tag][@digest] */
  image: z.string().min(1).max(1024),
  /** Here or in the Authorization header. */
  identityToken: z.string().min(1).max(16_384).optional(),
  /** Become part of the signed payload. */
  annotations: annotationsSchema.optional(),
});

export interface SignRequest {
  readonly image: ImageReference;
  readonly token: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads `{ image, identityToken?, annotations? }` and the bearer token.
 *
 * @throws HttpProblem 400 naming the field, 401 without a token; no value is repeated
 */
export function readSignRequest(
  body: Uint8Array | undefined,
  authorization: string | undefined,
): SignRequest {
  const read = schema.safeParse(readBody(body));
  if (!read.success) throw fieldProblem(read.error.issues[0]);
  const { image, identityToken, annotations = {} } = read.data;
  return { image: readImage(image), token: readToken(identityToken, authorization), annotations };
}

function readBody(body: Uint8Array | undefined): JsonValue {
  try {
    return parseJson(body ?? new Uint8Array(0), { maxBytes: MAX_BODY_BYTES, maxDepth: 4 });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `the request body cannot be read: ${cause.message}`, {
      type: 'malformed-body',
      cause,
      extra: { step: 'input' },
    });
  }
}

function readImage(text: string): ImageReference {
  try {
    return parseImageReference(text);
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw invalid('image', cause.message);
  }
}

function readToken(field: string | undefined, authorization: string | undefined): string {
  const header = authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (authorization !== undefined && header === undefined)
    throw invalid('authorization', 'Authorization must be Bearer and one token');
  if (field !== undefined && header !== undefined && field !== header) {
    throw invalid('identityToken', 'identityToken and the Authorization header hold different tokens');
  }
  const token = field ?? header;
  if (token !== undefined) return token;
  throw new HttpProblem(401, 'an OIDC identity token is needed, as bearer token or as identityToken', {
    type: 'identity-token-missing',
    headers: { 'www-authenticate': 'Bearer' },
    extra: { step: 'input' },
  });
}

function fieldProblem(issue: z.core.$ZodIssue | undefined): HttpProblem {
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []).map(String), ...(key === undefined ? [] : [key])].join('.');
  // Names of fields come from the caller as well.
  const shown = field.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
  if (key !== undefined) return invalid(shown, `there is no field ${JSON.stringify(shown)}`);
  return invalid(
    shown === '' ? 'body' : shown,
    `${shown === '' ? 'the body' : shown} is not usable: ${issue?.message ?? 'invalid'}`,
  );
}

function invalid(field: string, message: string): HttpProblem {
  return new HttpProblem(400, message, { type: 'invalid-request', field, extra: { step: 'input' } });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
