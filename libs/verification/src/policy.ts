import type { PublicKey } from '@sigstead/crypto';
import { PolicyError } from './errors.ts';
import { exactly, matching, type Matcher } from './policy/matcher.ts';
import type { PolicyInput } from './policy/policy-input.ts';
import { assertCount, invalid, type Rule } from './policy/rule.ts';
import { actorRule } from './policy/rules/actor-rules.ts';
import { annotationRule } from './policy/rules/annotation-rules.ts';
import { assertGithubField, canonicalGithubValue, githubRule } from './policy/rules/github-rules.ts';
import {
  assertClaimName,
  extensionRule,
  identityRule,
  issuerRule,
  NO_CERTIFICATE,
} from './policy/rules/identity-rules.ts';
import { keyRule, readKeys } from './policy/rules/key-rules.ts';
import {
  imageSignatureRule,
  parsePredicateTypes,
  predicateTypeRule,
} from './policy/rules/predicate-type-rules.ts';
import { predicateRules } from './policy/rules/predicate-rules.ts';
import type { PolicySubject } from './policy/subject.ts';

/** A policy that was read once and can be applied to many signatures. */
export interface Policy {
  /** Who first, then what: what is signed matters only when the right one signed it. */
  readonly rules: readonly Rule[];
  /** Fields whose pattern may match in the middle of a value: worth a word in the verdict. */
  readonly unanchored: readonly string[];
  /** Managed keys of which one must have signed; none: a certificate is wanted. */
  readonly keys: readonly PublicKey[];
}

const MAX_TEXTS = 32;

/** Fields that ask something of a certificate. */
const CERTIFICATE_FIELDS = [
  'identity',
  'identityRegexp',
  'issuer',
  'issuerRegexp',
  'anchored',
  'anyIdentity',
  'extensions',
  'extensionsRegexp',
  'github',
  'githubRegexp',
] as const satisfies readonly (keyof PolicyInput)[];

/** @throws PolicyError POLICY_INVALID with the field that cannot be used */
export function compilePolicy(input: PolicyInput): Policy {
  const keys = input.key === undefined ? [] : readKeys(input.key);
  const matchers = keys.length > 0 ? [] : certificateRules(input);
  const whose =
    keys.length > 0 ? [keyRule(assertNoCertificate(input, keys))] : matchers.map(({ rule }) => rule);
  const predicate = predicateRules(input.predicate ?? []);
  return {
    rules: [...whose, ...contentRules(input), ...predicate.rules, ...actorRules(input)],
    unanchored: [
      ...matchers.flatMap(({ matcher }) => (isLoose(matcher) ? matcher.field : [])),
      ...predicate.unanchored,
    ],
    keys,
  };
}

/**
 * The same policy, met by signatures of the image itself alone; one that names types of attestations means those and stays as it
 * is.
 */
export function requireImageSignature(policy: Policy): Policy {
  if (policy.rules.some(({ field }) => field === 'predicateType')) return policy;
  return { ...policy, rules: [...policy.rules, imageSignatureRule] };
}

/**
 * Applies the rules in the order of the policy.
 *
 * @throws PolicyError with the first rule that is not met
 */
export function assertPolicy(subject: PolicySubject, policy: Policy): void {
  // Anybody is anybody with a certificate: a bare key is taken only where a policy names it.
  if (subject.signer === undefined && policy.keys.length === 0) {
    throw new PolicyError('IDENTITY_MISMATCH', 'identity', `a certificate is required, ${NO_CERTIFICATE}`);
  }
  for (const { field, text, refuse } of policy.rules) {
    const refusal = refuse(subject);
    if (refusal !== undefined) {
      throw new PolicyError(refusal.code, field, `${text} is required, ${refusal.found}`);
    }
  }
}

interface CertificateRule {
  readonly rule: Rule;
  readonly matcher: Matcher;
}

function certificateRules(input: PolicyInput): readonly CertificateRule[] {
  assertComplete(input);
  const anchored = input.anchored === true;
  const rules: CertificateRule[] = [];
  const add = (matcher: Matcher, make: (matcher: Matcher) => Rule): number =>
    rules.push({ rule: make(matcher), matcher });
  const either = (name: 'identity' | 'issuer', make: (matcher: Matcher) => Rule): void => {
    const pattern = input[`${name}Regexp`];
    if (input[name] !== undefined) add(exactly(name, input[name]), make);
    if (pattern !== undefined) add(matching(`${name}Regexp`, pattern, anchored), make);
  };
  either('identity', identityRule);
  either('issuer', issuerRule);
  for (const { field, name, text } of entries('extensions', input.extensions)) {
    const claim = assertClaimName(field, name);
    add(exactly(field, text), (matcher) => extensionRule(claim, matcher));
  }
  for (const { field, name, text } of entries('extensionsRegexp', input.extensionsRegexp)) {
    const claim = assertClaimName(field, name);
    add(matching(field, text, anchored), (matcher) => extensionRule(claim, matcher));
  }
  for (const { field, name, text } of entries('github', input.github)) {
    const fact = assertGithubField(field, name);
    add(exactly(field, canonicalGithubValue(field, fact, text)), (matcher) => githubRule(fact, matcher));
  }
  for (const { field, name, text } of entries('githubRegexp', input.githubRegexp)) {
    const fact = assertGithubField(field, name);
    add(matching(field, text, anchored), (matcher) => githubRule(fact, matcher));
  }
  return rules;
}

function contentRules(input: PolicyInput): Rule[] {
  const annotations = entries('annotations', input.annotations).map(({ field, name, text }) =>
    annotationRule(name, exactly(field, text)),
  );
  if (input.predicateType === undefined) return annotations;
  return [...annotations, predicateTypeRule(parsePredicateTypes(input.predicateType))];
}

function actorRules(input: PolicyInput): Rule[] {
  return (['actor', 'actorId'] as const).flatMap((fact) => {
    const want = input[fact];
    return want === undefined ? [] : actorRule(fact, exactly(fact, want));
  });
}

function assertComplete(input: PolicyInput): void {
  const any = input.anyIdentity === true;
  if (input.identity !== undefined && input.identityRegexp !== undefined) {
    throw invalid('identityRegexp', 'give identity or identityRegexp, not both');
  }
  if (input.issuer !== undefined && input.issuerRegexp !== undefined) {
    throw invalid('issuerRegexp', 'give issuer or issuerRegexp, not both');
  }
  const identity = input.identity ?? input.identityRegexp;
  const issuer = input.issuer ?? input.issuerRegexp;
  if (any && identity !== undefined) throw invalid('anyIdentity', 'anyIdentity contradicts an identity');
  if (any) return;
  if (identity === undefined) {
    throw invalid('identity', 'identity or identityRegexp is required (anyIdentity: true takes everybody)');
  }
  if (issuer === undefined) throw invalid('issuer', 'issuer or issuerRegexp is required');
}

/** A managed key has no identity: a rule about one could never be met, and must not look as if it were applied. */
function assertNoCertificate(input: PolicyInput, keys: readonly PublicKey[]): readonly PublicKey[] {
  const field = CERTIFICATE_FIELDS.find((name) => input[name] !== undefined);
  if (field !== undefined)
    throw invalid(field, `${field} is of certificates, and key asks for a managed key`);
  return keys;
}

function entries(
  name: string,
  texts: Readonly<Record<string, string>> = {},
): readonly { field: string; name: string; text: string }[] {
  const all = Object.entries(texts);
  assertCount(name, all.length, MAX_TEXTS, name);
  return all.map(([key, text]) => ({ field: `${name}.${key}`, name: key, text }));
}

function isLoose({ pattern }: Matcher): boolean {
  return pattern?.anchored === false;
}
