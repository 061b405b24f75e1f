import { EncodingError, parseJson, type JsonValue } from '@sigstead/encoding';
import { z } from 'zod';
import { parseWith, policyFields, type PolicyInput } from '../policy-input.ts';
import { invalid } from '../rule.ts';
import { findDuplicateName } from './unique-names.ts';

export const POLICY_API_VERSION = 'sigstead.dev/v1';
/** Largest document, in bytes. */
export const MAX_POLICY_BYTES = 64 * 1024;

/** Somebody who is expected to sign, by the rules of {@link PolicyInput}. */
export interface SignerInput extends PolicyInput {
  readonly name: string;
}

/** An attestation an image must have. */
export interface AttestationInput {
  readonly name: string;
  /** Short name or URI, or several of which it must be one. */
  readonly predicateType: string | readonly string[];
  readonly signers: readonly SignerInput[];
  /** How many different signers; all of them unless told. */
  readonly threshold?: number | undefined;
  readonly predicate?: PolicyInput['predicate'];
  readonly actor?: string | undefined;
  readonly actorId?: string | undefined;
}

/** What is asked of an image before it may run. */
export interface ImagePolicyDocument {
  readonly apiVersion: typeof POLICY_API_VERSION;
  readonly kind: 'ImagePolicy';
  readonly metadata: { readonly name: string; readonly description?: string | undefined };
  readonly spec: {
    /** `registry/repository` with `*` and `**`: the images this policy is about. */
    readonly images: readonly string[];
    /** `warn` lets an image pass and says what is wrong. `enforce` unless told. */
    readonly mode?: 'enforce' | 'warn' | undefined;
    /** What becomes of an image named by a tag, which can be moved after it was checked. `deny` unless told. */
    readonly tags?: 'deny' | 'warn' | 'allow' | undefined;
    /** Who signs the image itself. */
    readonly signers?: readonly SignerInput[] | undefined;
    /** How many different signers; all of them unless told. */
    readonly threshold?: number | undefined;
    readonly attestations?: readonly AttestationInput[] | undefined;
    /** Whether the log's promise alone is too little. */
    readonly requireInclusionProof?: boolean | undefined;
    /** Whether a timestamp of an authority is needed. */
    readonly requireTimestamp?: boolean | undefined;
    /** Whether a current list of revocations has to be at hand. */
    readonly requireRevocationList?: boolean | undefined;
    /** Logs of how many different operators a signature has to be in. */
    readonly logThreshold?: number | undefined;
    /** Authorities of how many different operators have to have timestamped it. */
    readonly timestampThreshold?: number | undefined;
    /** Names of the trusted roots that count; every one of the verifier unless told. */
    readonly trustRoots?: readonly string[] | undefined;
  };
}

const signer = z.strictObject({ name: z.string(), ...policyFields });
const whole = z.number().int();

const attestation = z.strictObject({
  name: z.string(),
  predicateType: policyFields.predicateType.unwrap(),
  signers: z.array(signer),
  threshold: whole.optional(),
  predicate: policyFields.predicate,
  actor: policyFields.actor,
  actorId: policyFields.actorId,
});

const documentSchema = z.strictObject({
  apiVersion: z.literal(POLICY_API_VERSION),
  kind: z.literal('ImagePolicy'),
  metadata: z.strictObject({ name: z.string(), description: z.string().max(1024).optional() }),
  spec: z.strictObject({
    images: z.array(z.string()),
    mode: z.enum(['enforce', 'warn']).optional(),
    tags: z.enum(['deny', 'warn', 'allow']).optional(),
    signers: z.array(signer).optional(),
    threshold: whole.optional(),
    attestations: z.array(attestation).optional(),
    requireInclusionProof: z.boolean().optional(),
    requireTimestamp: z.boolean().optional(),
    requireRevocationList: z.boolean().optional(),
    logThreshold: whole.optional(),
    timestampThreshold: whole.optional(),
    trustRoots: z.array(z.string()).optional(),
  }),
});

/**
 * Reads a policy document: form only, what it means together is for compileImagePolicy to judge.
 *
 * @param text JSON of at most {@link MAX_POLICY_BYTES}
 * @throws PolicyError POLICY_INVALID with the field at fault, empty for the whole
 */
export function parseImagePolicyDocument(text: string): ImagePolicyDocument {
  return readImagePolicyDocument(parsePolicyJson(text, MAX_POLICY_BYTES));
}

/** The same for a document inside another, whose text was checked with it. */
export function readImagePolicyDocument(value: JsonValue): ImagePolicyDocument {
  return parseWith(documentSchema, value);
}

/**
 * JSON that holds a policy: bounded, and no name in it twice.
 *
 * @throws PolicyError POLICY_INVALID with the path of the name, empty for the whole
 */
export function parsePolicyJson(text: string, maxBytes: number): JsonValue {
  const value = parseText(text, maxBytes);
  const duplicate = findDuplicateName(text);
  if (duplicate !== undefined) throw invalid(duplicate, `${duplicate} stands there twice`);
  return value;
}

function parseText(text: string, maxBytes: number): JsonValue {
  try {
    return parseJson(text, { maxBytes, maxDepth: 12, maxValues: 5000 });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw invalid('', `policy: ${cause.message}`, cause);
  }
}
