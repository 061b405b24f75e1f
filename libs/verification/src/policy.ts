import { PolicyError } from './errors.ts';
import { KeyError, PublicKey } from '@sigstead/crypto';
import type { SignerIdentity } from './identity.ts';
import { isClaimName, type ClaimName } from './identity.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import type { Statement } from './statement.ts';

/**
 * Who is expected to have signed. Identity and issuer are both required, each either exact or as a regular expression;
 * not to care is said with `anyIdentity: true`.
 */
export interface PolicyInput {
  /** Subject alternative name of the certificate, compared as a whole. */
  readonly identity?: string | undefined;
  /** RE2 pattern searched for in the subject alternative name. */
  readonly identityRegexp?: string | undefined;
  readonly issuer?: string | undefined;
  readonly issuerRegexp?: string | undefined;
  /** Patterns must match the whole value. */
  readonly anchored?: boolean | undefined;
  /** Takes any identity, and any issuer unless one is given. */
  readonly anyIdentity?: boolean | undefined;
  /** Certificate extensions by the name of the claim (`sourceRepositoryUri`, ...), compared as a whole. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
  /** PEM of the key that must have signed, in the place of everything above. */
  readonly key?: string | undefined;
}

/** What a policy is applied to: all that is known of one sound signature. */
export interface PolicySubject {
  /** Undefined when a key of the policy signed. */
  readonly signer: SignerIdentity | undefined;
  readonly statement: Statement | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One thing a policy asks for. */
export interface Rule {
  /** Field of the policy it came from. */
  readonly field: string;
  /** The rule as a person reads it. */
  readonly text: string;
  matches(signer: SignerIdentity): boolean;
  /** What the certificate says instead. */
  found(signer: SignerIdentity): string;
  readonly code: 'IDENTITY_MISMATCH' | 'ISSUER_MISMATCH' | 'EXTENSION_MISMATCH';
}

/** A policy that was read once and can be applied to many signatures. */
export interface Policy {
  readonly rules: readonly Rule[];
  /** One of these must have signed; none when the signer is known by a certificate. */
  readonly keys: readonly PublicKey[];
  /** Patterns that may match in the middle of a value: worth a word in the verdict. */
  readonly unanchored: readonly string[];
}

const MAX_VALUE_LENGTH = 4096;
const MAX_EXTENSIONS = 32;

/** @throws PolicyError POLICY_INVALID with the field that cannot be used */
export function compilePolicy(input: PolicyInput): Policy {
  if (input.key !== undefined) return { rules: [], keys: [readKey(input.key)], unanchored: [] };
  assertComplete(input);
  const patterns: { field: string; pattern: Pattern }[] = [];
  const pattern = (field: string, source: string): Pattern => {
    const compiled = compilePattern(field, source, input.anchored === true);
    patterns.push({ field, pattern: compiled });
    return compiled;
  };
  const rules: Rule[] = [];
  if (input.identity !== undefined) rules.push(identityIs(value('identity', input.identity)));
  if (input.identityRegexp !== undefined) {
    rules.push(identityMatches(pattern('identityRegexp', input.identityRegexp)));
  }
  if (input.issuer !== undefined) rules.push(issuerIs(value('issuer', input.issuer)));
  if (input.issuerRegexp !== undefined)
    rules.push(issuerMatches(pattern('issuerRegexp', input.issuerRegexp)));
  rules.push(...extensionRules(input.extensions ?? {}));
  const unanchored = patterns.filter(({ pattern }) => !pattern.anchored).map(({ field }) => field);
  return { rules, keys: [], unanchored };
}

/**
 * Applies the rules in the order of the policy.
 *
 * @throws PolicyError with the first rule that is not met
 */
export function assertPolicy({ signer }: PolicySubject, policy: Policy): void {
  for (const rule of policy.rules) {
    if (signer === undefined)
      throw new PolicyError(rule.code, rule.field, `${rule.text} is required, and a key has no identity`);
    if (rule.matches(signer)) continue;
    throw new PolicyError(
      rule.code,
      rule.field,
      `${rule.text} is required, the certificate says ${rule.found(signer)}`,
    );
  }
}

function readKey(pem: string): PublicKey {
  try {
    return PublicKey.fromPem(pem);
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new PolicyError('POLICY_INVALID', 'key', `key is no public key: ${cause.message}`, { cause });
  }
}

function assertComplete(input: PolicyInput): void {
  const any = input.anyIdentity === true;
  if (input.identity !== undefined && input.identityRegexp !== undefined) {
    throw new PolicyError('POLICY_INVALID', 'identityRegexp', 'give identity or identityRegexp, not both');
  }
  if (input.issuer !== undefined && input.issuerRegexp !== undefined) {
    throw new PolicyError('POLICY_INVALID', 'issuerRegexp', 'give issuer or issuerRegexp, not both');
  }
  const identity = input.identity ?? input.identityRegexp;
  const issuer = input.issuer ?? input.issuerRegexp;
  if (any && identity !== undefined) {
    throw new PolicyError('POLICY_INVALID', 'anyIdentity', 'anyIdentity contradicts an identity');
  }
  if (any) return;
  if (identity === undefined) {
    throw new PolicyError(
      'POLICY_INVALID',
      'identity',
      'identity or identityRegexp is required (anyIdentity: true takes everybody)',
    );
  }
  if (issuer === undefined) {
    throw new PolicyError('POLICY_INVALID', 'issuer', 'issuer or issuerRegexp is required');
  }
}

function identityIs(want: string): Rule {
  return {
    field: 'identity',
    text: `identity ${want}`,
    code: 'IDENTITY_MISMATCH',
    matches: (signer) => signer.identity === want,
    found: (signer) => signer.identity,
  };
}

function identityMatches(pattern: Pattern): Rule {
  return {
    field: 'identityRegexp',
    text: `identity matching ${pattern.source}`,
    code: 'IDENTITY_MISMATCH',
    matches: (signer) => pattern.test(signer.identity),
    found: (signer) => signer.identity,
  };
}

function issuerIs(want: string): Rule {
  return {
    field: 'issuer',
    text: `issuer ${want}`,
    code: 'ISSUER_MISMATCH',
    matches: (signer) => signer.issuer === want,
    found: (signer) => signer.issuer,
  };
}

function issuerMatches(pattern: Pattern): Rule {
  return {
    field: 'issuerRegexp',
    text: `issuer matching ${pattern.source}`,
    code: 'ISSUER_MISMATCH',
    matches: (signer) => pattern.test(signer.issuer),
    found: (signer) => signer.issuer,
  };
}

function extensionRules(extensions: Readonly<Record<string, string>>): Rule[] {
  const entries = Object.entries(extensions);
  if (entries.length > MAX_EXTENSIONS) {
    throw new PolicyError(
      'POLICY_INVALID',
      'extensions',
      `${entries.length} extensions, at most ${MAX_EXTENSIONS} are taken`,
    );
  }
  return entries.map(([name, want]) => {
    const field = `extensions.${name}`;
    if (!isClaimName(name)) {
      throw new PolicyError('POLICY_INVALID', field, `${field} is no certificate extension`);
    }
    return extensionIs(field, name, value(field, want));
  });
}

function extensionIs(field: string, name: ClaimName, want: string): Rule {
  return {
    field,
    text: `${name} ${want}`,
    code: 'EXTENSION_MISMATCH',
    matches: (signer) => signer.claims[name] === want,
    found: (signer) => signer.claims[name] ?? 'nothing',
  };
}

/** An empty value would be met by nothing, or by an empty extension: either way it is a slip of the caller. */
function value(field: string, text: string): string {
  if (text === '') throw new PolicyError('POLICY_INVALID', field, `${field} is empty`);
  if (text.length > MAX_VALUE_LENGTH) {
    throw new PolicyError(
      'POLICY_INVALID',
      field,
      `${field} has ${text.length} characters, at most ${MAX_VALUE_LENGTH} are taken`,
    );
  }
  return text;
}
