import { EncodingError, parseJson } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import { compilePolicy, type Policy } from '@sigstead/verification';
import { z } from 'zod';

/** Largest body of a request. */
export const MAX_REQUEST_BYTES = 64 * 1024;

/** Not `z.record`, which passes over a key `__proto__`: a rule must be applied or refused. */
const extensionsSchema = z
  .custom<Record<string, string>>(isObject, 'want an object')
  .superRefine((value, context) => {
    for (const [name, text] of Object.entries(value)) {
      if (typeof text !== 'string')
        context.addIssue({ code: 'custom', path: [name], message: 'want a text' });
    }
  });

const policySchema = z.strictObject({
  identity: z.string().optional(),
  identityRegexp: z.string().optional(),
  issuer: z.string().optional(),
  issuerRegexp: z.string().optional(),
  anchored: z.boolean().optional(),
  anyIdentity: z.boolean().optional(),
  extensions: extensionsSchema.optional(),
});

const requestSchema = z.strictObject({
  image: z.string().min(1).max(1024),
  policy: policySchema,
});

export interface VerifyRequest {
  readonly image: string;
  readonly policy: Policy;
}

/**
 * @throws HttpProblem 400 naming the field at fault
 * @throws PolicyError POLICY_INVALID for a policy that has the right form and makes no sense
 */
export function parseVerifyRequest(body: Uint8Array): VerifyRequest {
  const result = requestSchema.safeParse(parseBody(body));
  if (!result.success) throw problemOf(result.error.issues[0]);
  return { image: result.data.image, policy: compilePolicy(result.data.policy) };
}

function parseBody(body: Uint8Array): unknown {
  try {
    return parseJson(body, { maxBytes: MAX_REQUEST_BYTES, maxDepth: 8 });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `request body: ${cause.message}`, { type: 'malformed-json', cause });
  }
}

function problemOf(issue: z.core.$ZodIssue | undefined): HttpProblem {
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...keys].map(String).join('.').slice(0, 200);
  const message = keys.length > 0 ? 'is not a field of this request' : (issue?.message ?? 'is not usable');
  return new HttpProblem(400, field === '' ? `request body: ${message}` : `${field}: ${message}`, {
    type: 'invalid-request',
    ...(field === '' ? {} : { field }),
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
