import { canonicalizeJson, EncodingError, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import { compilePolicy, parseArtifactDigest, type Artifact, type Policy } from '@sigstead/verification';
import { parsePolicyInput } from '@sigstead/verification/policy-documents';
import { z } from 'zod';

/** Largest body of a request: a bundle of the largest statement anybody signs, and a policy. */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024;
/** Of a request for many verifications. */
export const MAX_BATCH_BYTES = 32 * 1024 * 1024;
export const MAX_BATCH = 64;

const MAX_DEPTH = 24;
/** Of 64 bundles with all the entries they may have; small values cost most. */
const MAX_VALUES = 500_000;
const MAX_IMAGE_CHARACTERS = 1024;

const digestText = z
  .string()
  .regex(
    /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/,
    'want sha256: and 64 lower-case hex digits, or sha384, sha512',
  );

const requestSchema = z
  .strictObject({
    image: z.string().min(1).max(MAX_IMAGE_CHARACTERS).optional(),
    /** Of the artifact, with a bundle; several are of the same artifact by several algorithms. */
    digest: z.union([digestText, z.array(digestText).min(1).max(3)]).optional(),
    /** Judged by the reader of bundles. */
    bundle: z.custom<JsonValue>((value) => value !== undefined).optional(),
    /** Judged by parsePolicyInput, or by the next schema when it has a name. */
    policy: z.custom<JsonValue>((value) => value !== undefined, 'is required').optional(),
    policyName: z.string().min(1).max(63).optional(),
  })
  .refine(({ policy, policyName }) => policy === undefined || policyName === undefined, {
    path: ['policyName'],
    message: 'give policy or policyName, not both',
  })
  .refine(({ image, digest }) => (image === undefined) !== (digest === undefined), {
    path: ['image'],
    message: 'give image, or digest with bundle',
  })
  .refine(({ digest, bundle }) => (digest === undefined) === (bundle === undefined), {
    path: ['bundle'],
    message: 'digest and bundle go together',
  })
  .refine(({ digest, policyName }) => digest === undefined || policyName === undefined, {
    path: ['policyName'],
    message: 'kept policies are about images',
  });

const batchSchema = z.strictObject({
  requests: z
    .array(z.custom<JsonValue>((value) => value !== undefined))
    .min(1)
    .max(MAX_BATCH),
});

const namedSchema = z.strictObject({
  name: z.string().min(1).max(63),
  version: z.number().int().min(1).max(999_999_999).optional(),
});

/** An image under a policy of the request or one that is kept, or an artifact by its digest with its bundle. */
export type VerifyRequest = ImageRequest | StoredPolicyRequest | ArtifactRequest;

export interface ImageRequest extends InlinePolicy {
  readonly kind: 'image';
  readonly image: string;
}

export interface StoredPolicyRequest {
  readonly kind: 'stored-policy';
  readonly image: string;
  readonly reference: StoredPolicyReference;
}

export interface ArtifactRequest extends InlinePolicy {
  readonly kind: 'artifact';
  readonly artifact: Artifact;
  readonly bundle: JsonValue;
}

export interface InlinePolicy {
  readonly policy: Policy;
  /** The policy as text, equal for equal policies. */
  readonly policyKey: string;
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
  return readVerifyRequest(parseBody(body, MAX_REQUEST_BYTES));
}

/** The requests of a batch, not yet read: each is answered by itself. @throws HttpProblem 400 */
export function parseBatchRequest(body: Uint8Array): readonly JsonValue[] {
  const result = batchSchema.safeParse(parseBody(body, MAX_BATCH_BYTES));
  if (!result.success) throw problemOf(result.error.issues[0]);
  return result.data.requests;
}

/** As {@link parseVerifyRequest}, for one of a batch. */
export function readVerifyRequest(value: JsonValue): VerifyRequest {
  const result = requestSchema.safeParse(value);
  if (!result.success) throw problemOf(result.error.issues[0]);
  const { image = '', digest, bundle, policy, policyName } = result.data;
  if (policyName !== undefined) return { kind: 'stored-policy', image, reference: { name: policyName } };
  if (policy === undefined) throw invalidField('policy', 'is required');
  const reference = readReference(policy);
  if (reference === undefined && digest === undefined) return { kind: 'image', image, ...readPolicy(policy) };
  if (digest === undefined && reference !== undefined) return { kind: 'stored-policy', image, reference };
  if (reference !== undefined) throw invalidField('policy.name', 'kept policies are about images');
  return {
    kind: 'artifact',
    artifact: readArtifact(digest ?? []),
    bundle: bundle ?? null,
    ...readPolicy(policy),
  };
}

/** @throws HttpProblem 400, PolicyError POLICY_INVALID */
export function parsePolicyText(text: string): InlinePolicy {
  return readPolicy(parseBody(Buffer.from(text), MAX_REQUEST_BYTES, 'policy'));
}

function readPolicy(policy: JsonValue): InlinePolicy {
  if (!isJsonObject(policy)) throw invalidField('policy', 'want an object');
  return { policy: compilePolicy(parsePolicyInput(policy)), policyKey: keyOf(policy) };
}

function keyOf(policy: JsonValue): string {
  try {
    return canonicalizeJson(policy);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw invalidField('policy', 'has a text that is not well-formed Unicode', cause);
  }
}

/** A policy with a name is one that is kept. */
function readReference(policy: JsonValue): StoredPolicyReference | undefined {
  if (!isJsonObject(policy)) throw invalidField('policy', 'want an object');
  if (!Object.hasOwn(policy, 'name')) return undefined;
  const result = namedSchema.safeParse(policy);
  if (!result.success) throw problemOf(result.error.issues[0], 'policy');
  return result.data;
}

function readArtifact(digest: string | readonly string[]): Artifact {
  const digests = [digest].flat().map(parseArtifactDigest);
  const [first, ...further] = digests;
  if (first === undefined) throw invalidField('digest', 'is required');
  if (new Set(digests.map(({ algorithm }) => algorithm)).size < digests.length)
    throw invalidField('digest', 'two digests by one algorithm');
  return { ...first, further };
}

function parseBody(body: Uint8Array, maxBytes: number, what = 'request body'): JsonValue {
  try {
    return parseJson(body, { maxBytes, maxDepth: MAX_DEPTH, maxValues: MAX_VALUES, uniqueMembers: true });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `${what}: ${cause.message}`, { type: 'malformed-json', cause });
  }
}

function problemOf(issue: z.core.$ZodIssue | undefined, place?: string): HttpProblem {
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [place ?? [], issue?.path ?? [], keys].flat();
  const message = keys.length > 0 ? 'is not a field of this request' : (issue?.message ?? 'is not usable');
  return invalidField(path.map(String).join('.').slice(0, 200), message);
}

function invalidField(field: string, message: string, cause?: unknown): HttpProblem {
  return new HttpProblem(400, field === '' ? `request body: ${message}` : `${field}: ${message}`, {
    type: 'invalid-request',
    cause,
    ...(field === '' ? {} : { field }),
  });
}
