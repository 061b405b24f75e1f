import { isJsonObject, type JsonValue } from '@sigstead/encoding';
import { z } from 'zod';
import { invalid } from './rule.ts';
import type { PredicateRuleInput } from './rules/predicate-rules.ts';

type Texts = Readonly<Record<string, string>>;

/**
 * Who is expected to have signed, and what. Either certificates: identity and issuer are both required, each exact or as a
 * regular expression, and not to care is said with `anyIdentity: true`. Or managed keys: then nothing is asked of certificates.
 */
export interface PolicyInput {
  /** Subject alternative name of the certificate, compared as a whole. */
  readonly identity?: string | undefined;
  /** RE2 pattern searched for in the subject alternative name. */
  readonly identityRegexp?: string | undefined;
  readonly issuer?: string | undefined;
  readonly issuerRegexp?: string | undefined;
  /** Patterns of identity, issuer, extensions and GitHub facts must match the whole value. */
  readonly anchored?: boolean | undefined;
  /** Takes any identity, and any issuer unless one is given. */
  readonly anyIdentity?: boolean | undefined;
  /** Certificate extensions by the name of the claim (`sourceRepositoryUri`, ...), compared as a whole. */
  readonly extensions?: Texts | undefined;
  readonly extensionsRegexp?: Texts | undefined;
  /** Facts of a GitHub Actions run (`repository`, `ref`, ...), whichever extensions the certificate has them in. */
  readonly github?: Texts | undefined;
  readonly githubRegexp?: Texts | undefined;
  /** PEM of the managed key, or of several of which one must have signed. */
  readonly key?: string | readonly string[] | undefined;
  /** Annotations the signed document must have, compared as a whole. */
  readonly annotations?: Texts | undefined;
  /** Short name or URI, or several of which the attestation must be one. */
  readonly predicateType?: string | readonly string[] | undefined;
  /** Conditions on the predicate of an attestation. */
  readonly predicate?: readonly PredicateRuleInput[] | undefined;
  /** Login of who started the build, by the word of its provenance. */
  readonly actor?: string | undefined;
  /** The number of who started the build. */
  readonly actorId?: string | undefined;
}

/** Not `z.record`, which passes over a key `__proto__`: a rule must be applied or refused. */
const texts = z
  .custom<Texts>((value) => isJsonObject(value as JsonValue), 'want an object')
  .superRefine((value, context) => {
    for (const [name, text] of Object.entries(value)) {
      if (typeof text !== 'string')
        context.addIssue({ code: 'custom', path: [name], message: 'want a text' });
    }
  });
const oneOrMore = z.union([z.string(), z.array(z.string())], { error: 'want a text or a list of texts' });
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'want a text, a number, true, false or null',
});

const predicateRule = z.strictObject({
  path: z.string(),
  match: z.enum(['all', 'any', 'none']).optional(),
  equals: scalar.optional(),
  in: z.array(scalar).optional(),
  regexp: z.string().optional(),
  anchored: z.boolean().optional(),
  contains: scalar.optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  exists: z.boolean().optional(),
});

/** The fields of {@link PolicyInput}; what they mean together is for compilePolicy to judge. */
export const policyFields = {
  identity: z.string().optional(),
  identityRegexp: z.string().optional(),
  issuer: z.string().optional(),
  issuerRegexp: z.string().optional(),
  anchored: z.boolean().optional(),
  anyIdentity: z.boolean().optional(),
  extensions: texts.optional(),
  extensionsRegexp: texts.optional(),
  github: texts.optional(),
  githubRegexp: texts.optional(),
  key: oneOrMore.optional(),
  annotations: texts.optional(),
  predicateType: oneOrMore.optional(),
  predicate: z.array(predicateRule).optional(),
  actor: z.string().optional(),
  actorId: z.string().optional(),
} as const;

const policySchema = z.strictObject(policyFields);

/**
 * The short form of a policy, as it stands in a request: form only.
 *
 * @throws PolicyError POLICY_INVALID with the field at fault
 */
export function parsePolicyInput(value: JsonValue): PolicyInput {
  return parseWith(policySchema, value);
}

/**
 * Applies a schema.
 *
 * @throws PolicyError POLICY_INVALID with the path of the first thing at fault, empty for the whole
 */
export function parseWith<T>(schema: z.ZodType<T>, value: JsonValue): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...unknown].map(String).join('.').slice(0, 200);
  if (unknown.length > 0) throw invalid(field, `${field} is not a field of a policy`);
  const message = issue?.message ?? 'is not usable';
  throw invalid(field, field === '' ? `policy: ${message}` : `${field}: ${message}`);
}
