import { EncodingError, parseJson, type JsonValue } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import { z } from 'zod';

const MAX_DEPTH = 64;
const MAX_VALUES = 2_000_000;

/**
 * A request body as JSON. Parts of it are signed: each member is there once, and no number would change.
 *
 * @throws HttpProblem 400
 */
export function readJson(body: Uint8Array | undefined, maxBytes: number): JsonValue {
  try {
    return parseJson(body ?? new Uint8Array(0), {
      maxBytes,
      maxDepth: MAX_DEPTH,
      maxValues: MAX_VALUES,
      uniqueMembers: true,
      exactNumbers: true,
    });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `the request body cannot be read: ${cause.message}`, {
      type: 'malformed-body',
      cause,
      extra: { step: 'input' },
    });
  }
}

/** The value in the given shape. @throws HttpProblem 400 naming the field; no value is repeated */
export function readShape<T>(schema: z.ZodType<T>, value: unknown, path: readonly string[] = []): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...path, ...(issue?.path ?? []).map(String), ...(key === undefined ? [] : [key])].join('.');
  const shown = printable(field);
  if (key !== undefined) throw invalidField(shown, `there is no field ${JSON.stringify(shown)} here`);
  throw invalidField(
    shown === '' ? 'body' : shown,
    `${shown === '' ? 'the body' : shown} is not usable: ${issue?.message ?? 'invalid'}`,
  );
}

/** What in a request cannot be used. */
export function invalidField(field: string, message: string, cause?: unknown): HttpProblem {
  return new HttpProblem(400, message, { type: 'invalid-request', field, cause, extra: { step: 'input' } });
}

/** Names of fields come from the caller as well. */
function printable(field: string): string {
  return field.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

/** Any JSON value, as it is. */
export const jsonValue = z
  .custom<JsonValue>((value) => value !== undefined, 'is missing')
  .meta({ description: 'any JSON' });
export const jsonObject = z
  .custom<Record<string, JsonValue>>(isObject, 'want an object')
  .meta({ type: 'object' });

/** Not `z.record`, which passes over a key `__proto__`: an annotation must be signed or refused. */
export const texts = z
  .custom<Record<string, string>>(isObject, 'want an object')
  .superRefine((value, context) => {
    for (const [name, text] of Object.entries(value)) {
      if (typeof text !== 'string' || name === '__proto__')
        context.addIssue({ code: 'custom', path: [name], message: 'want a text under a usable name' });
    }
  })
  .meta({ type: 'object', additionalProperties: { type: 'string' } });

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
