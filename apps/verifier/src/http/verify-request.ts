import { EncodingError, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import { compilePolicy, parsePolicyInput, type Policy } from '@sigstead/verification';
import { z } from 'zod';

/** Largest body of a request. */
export const MAX_REQUEST_BYTES = 64 * 1024;

const requestSchema = z
  .strictObject({
    image: z.string().min(1).max(1024),
    /** Judged by parsePolicyInput, or by the next schema when it has a name. */
    policy: z.custom<JsonValue>((value) => value !== undefined, 'is required').optional(),
    policyName: z.string().min(1).max(63).optional(),
  })
  .refine(({ policy, policyName }) => policy === undefined || policyName === undefined, {
    path: ['policyName'],
    message: 'give policy or policyName, not both',
  });

const namedSchema = z.strictObject({
  name: z.string().min(1).max(63),
  version: z.number().int().min(1).max(999_999_999).optional(),
});

export interface VerifyRequest {
  readonly image: string;
  readonly policy: Policy | StoredPolicyReference;
}

/** A policy that the verifier keeps; the newest version unless told. */
export interface StoredPolicyReference {
  readonly name: string;
  readonly version?: number | undefined;
}

/**
 * @throws HttpProblem 400 naming the field at fault
 * @throws PolicyError POLICY_INVALID for a policy that makes no sense
 */
export function parseVerifyRequest(body: Uint8Array): VerifyRequest {
  const result = requestSchema.safeParse(parseBody(body));
  if (!result.success) throw problemOf(result.error.issues[0]);
  const { image, policy, policyName } = result.data;
  if (policyName !== undefined) return { image, policy: { name: policyName } };
  if (policy === undefined) throw invalidField('policy', 'is required');
  return { image, policy: parsePolicy(policy) };
}

function parsePolicy(policy: JsonValue): VerifyRequest['policy'] {
  if (!isJsonObject(policy)) throw invalidField('policy', 'want an object');
  if (!Object.hasOwn(policy, 'name')) return compilePolicy(parsePolicyInput(policy));
  const result = namedSchema.safeParse(policy);
  if (!result.success) throw problemOf(result.error.issues[0], 'policy');
  return result.data;
}

function parseBody(body: Uint8Array): unknown {
  try {
    return parseJson(body, { maxBytes: MAX_REQUEST_BYTES, maxDepth: 8 });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `request body: ${cause.message}`, { type: 'malformed-json', cause });
  }
}

function problemOf(issue: z.core.$ZodIssue | undefined, place?: string): HttpProblem {
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [place ?? [], issue?.path ?? [], keys].flat();
  const message = keys.length > 0 ? 'is not a field of this request' : (issue?.message ?? 'is not usable');
  return invalidField(path.map(String).join('.').slice(0, 200), message);
}

function invalidField(field: string, message: string): HttpProblem {
  return new HttpProblem(400, field === '' ? `request body: ${message}` : `${field}: ${message}`, {
    type: 'invalid-request',
    ...(field === '' ? {} : { field }),
  });
}
