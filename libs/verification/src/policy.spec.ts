import type { JsonObject } from '@sigstead/encoding';
import { describe, expect, it } from '@jest/globals';
import { PolicyError } from './errors.ts';
import type { SignerIdentity } from './identity.ts';
import { MAX_PATTERN_LENGTH } from './pattern.ts';
import { parsePolicyInput, type PolicyInput } from './policy/policy-input.ts';
import type { PolicySubject } from './policy/subject.ts';
import { assertPolicy, compilePolicy } from './policy.ts';
import { refusal } from './testonly/refusal.ts';

const issuer = 'https://token.actions.githubusercontent.com';
const signer: SignerIdentity = {
  identity: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
  identityType: 'uri',
  issuer,
  claims: { issuer, sourceRepositoryUri: 'https://github.com/acme/app', buildTrigger: 'push' },
};
const base: PolicyInput = { identity: signer.identity, issuer };

const subjectOf = (who: SignerIdentity | undefined): PolicySubject => ({
  signer: who,
  statement: undefined,
  annotations: {},
});
const judge = (input: PolicyInput, who: SignerIdentity | undefined = signer): string =>
  refusal(() => assertPolicy(subjectOf(who), compilePolicy(input)));
const fault = (input: PolicyInput): string => {
  try {
    compilePolicy(input);
  } catch (error) {
    if (error instanceof PolicyError && error.code === 'POLICY_INVALID') return error.field;
    throw error;
  }
  return 'usable';
};

describe('policy', () => {
  it('takes the exact identity and issuer', () => {
    expect(judge(base)).toBe('accepted');
  });

  it('refuses another identity or issuer, however alike', () => {
    expect(judge({ ...base, identity: `${signer.identity}2` })).toBe('IDENTITY_MISMATCH');
    expect(judge({ ...base, identity: signer.identity.slice(0, -1) })).toBe('IDENTITY_MISMATCH');
    expect(judge({ ...base, identity: signer.identity.toUpperCase() })).toBe('IDENTITY_MISMATCH');
    expect(judge({ ...base, issuer: `${issuer}.evil.test` })).toBe('ISSUER_MISMATCH');
    expect(judge({ ...base, issuer: `${issuer}/` })).toBe('ISSUER_MISMATCH');
  });

  it('takes a certificate that was issued for no token only where any issuer will do', () => {
    const nobody = { ...signer, issuer: '', claims: {} };
    const { identity } = signer;
    expect(judge({ identity, issuerRegexp: '.*' }, nobody)).toBe('accepted');
    expect(judge({ anyIdentity: true }, nobody)).toBe('accepted');
    expect(judge(base, nobody)).toBe('ISSUER_MISMATCH');
    for (const issuerRegexp of ['.+', '^https://', 'github', issuer])
      expect(judge({ identity, issuerRegexp }, nobody)).toBe('ISSUER_MISMATCH');
    expect(judge({ anyIdentity: true, extensionsRegexp: { issuer: '.*' } }, nobody)).toBe(
      'EXTENSION_MISMATCH',
    );
    const other = { identity: 'https://evil.test/', issuerRegexp: '.*' };
    expect(judge(other, nobody)).toBe('IDENTITY_MISMATCH');
  });

  it('searches patterns like cosign, from the start and to the end where they say so', () => {
    const matches = (identityRegexp: string, who = signer): string => judge({ identityRegexp, issuer }, who);
    expect(matches('^https://github.com/acme/')).toBe('accepted');
    expect(matches('acme/app')).toBe('accepted');
    expect(matches('^acme')).toBe('IDENTITY_MISMATCH');
    expect(matches('refs/heads/main$')).toBe('accepted');
    expect(matches('refs/heads$')).toBe('IDENTITY_MISMATCH');
    const lookalike = { ...signer, identity: 'https://evil.test/?https://github.com/acme/app' };
    expect(matches('^https://github\\.com/acme/', lookalike)).toBe('IDENTITY_MISMATCH');
    const twoLines = { ...signer, identity: `https://evil.test\n${signer.identity}` };
    expect(matches('^https://github\\.com/acme/', twoLines)).toBe('IDENTITY_MISMATCH');
  });

  it('binds patterns to the whole value when asked', () => {
    const anchored = (identityRegexp: string): string => judge({ identityRegexp, issuer, anchored: true });
    expect(anchored('https://github\\.com/acme/app/.*')).toBe('accepted');
    expect(anchored('https://github\\.com/acme/')).toBe('IDENTITY_MISMATCH');
    expect(anchored('https://github.com/acme/app|x')).toBe('IDENTITY_MISMATCH');
  });

  it('tells which patterns are loose', () => {
    const loose = (identityRegexp: string, anchored?: boolean): readonly string[] =>
      compilePolicy({ identityRegexp, issuer, ...(anchored === undefined ? {} : { anchored }) }).unanchored;
    expect(loose('acme')).toEqual(['identityRegexp']);
    expect(loose('^acme')).toEqual(['identityRegexp']);
    expect(loose('^acme$')).toEqual([]);
    expect(loose('acme', true)).toEqual([]);
  });

  it.each([
    ['^acme|evil$', true],
    ['^(acme|other)$', false],
    ['^[|(]acme$', false],
    ['^[[:alpha:]|]$', false],
    ['^[]|]a$', false],
    ['^\\(a|b$', true],
    ['^acme\\$', true],
    ['^acme\\\\$', false],
    ['\\Aacme\\z', false],
    ['\\Aacme\\\\z', true],
    ['^*acme$', true],
    ['^{0}acme$', true],
    ['(?m)^acme$', true],
    ['^acme(?m:$)', true],
    ['^a(?im)b$', true],
    ['^\\Q(\\E|b$', true],
  ])('says of %s that loose is %s', (identityRegexp, isLoose) => {
    expect(compilePolicy({ identityRegexp, issuer }).unanchored).toEqual(isLoose ? ['identityRegexp'] : []);
  });

  it('matches the issuer by pattern', () => {
    expect(judge({ ...base, issuer: undefined, issuerRegexp: '^https://token\\.' })).toBe('accepted');
    expect(judge({ ...base, issuer: undefined, issuerRegexp: '^http://' })).toBe('ISSUER_MISMATCH');
  });

  it('compares extensions as a whole', () => {
    const judgeExtensions = (extensions: Record<string, string>): string => judge({ ...base, extensions });
    expect(
      judgeExtensions({ sourceRepositoryUri: 'https://github.com/acme/app', buildTrigger: 'push' }),
    ).toBe('accepted');
    expect(judgeExtensions({ sourceRepositoryUri: 'https://github.com/acme/' })).toBe('EXTENSION_MISMATCH');
    expect(judgeExtensions({ deploymentEnvironment: 'production' })).toBe('EXTENSION_MISMATCH');
  });

  it('matches extensions by pattern', () => {
    const matches = (extensionsRegexp: Record<string, string>, anchored = false): string =>
      judge({ ...base, extensionsRegexp, anchored });
    expect(matches({ sourceRepositoryUri: '^https://github.com/acme/' })).toBe('accepted');
    expect(matches({ sourceRepositoryUri: '^https://github.com/acme/' }, true)).toBe('EXTENSION_MISMATCH');
    expect(matches({ sourceRepositoryUri: '^https://gitlab' })).toBe('EXTENSION_MISMATCH');
    expect(matches({ deploymentEnvironment: '.*' })).toBe('EXTENSION_MISMATCH');
    expect(fault({ ...base, extensionsRegexp: { buildTrigger: '(' } })).toBe('extensionsRegexp.buildTrigger');
    expect(fault({ ...base, extensionsRegexp: { actor: 'x' } })).toBe('extensionsRegexp.actor');
  });

  it('says what is required and what was found', () => {
    const wrong = compilePolicy({ ...base, extensions: { deploymentEnvironment: 'production' } });
    expect(() => assertPolicy(subjectOf(signer), wrong)).toThrow(
      'deploymentEnvironment production is required, the certificate says nothing',
    );
  });

  it('takes anybody only when that is spelled out', () => {
    expect(judge({ anyIdentity: true })).toBe('accepted');
    expect(judge({ anyIdentity: true, issuer: 'https://other.test' })).toBe('ISSUER_MISMATCH');
    expect(fault({})).toBe('identity');
    expect(fault({ anyIdentity: false })).toBe('identity');
    expect(fault({ identity: 'x' })).toBe('issuer');
    expect(fault({ issuer })).toBe('identity');
    expect(fault({ anyIdentity: true, identity: 'x' })).toBe('anyIdentity');
  });

  it('refuses contradictions, empty and overlong values, with the field', () => {
    expect(fault({ ...base, identityRegexp: 'x' })).toBe('identityRegexp');
    expect(fault({ ...base, issuerRegexp: 'x' })).toBe('issuerRegexp');
    expect(fault({ ...base, identity: '' })).toBe('identity');
    expect(fault({ ...base, issuer: '' })).toBe('issuer');
    expect(fault({ identityRegexp: '', issuer })).toBe('identityRegexp');
    expect(fault({ ...base, identity: 'x'.repeat(5000) })).toBe('identity');
    expect(fault({ ...base, extensions: { actor: 'ada' } })).toBe('extensions.actor');
    expect(fault({ ...base, extensions: { __proto__x: 'a' } })).toBe('extensions.__proto__x');
    expect(fault({ ...base, extensions: { buildTrigger: '' } })).toBe('extensions.buildTrigger');
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`e${at}`, 'x']));
    expect(fault({ ...base, extensions: many })).toBe('extensions');
  });

  it('refuses patterns that are malformed, too long, repeat too much, or need backtracking', () => {
    const bad = (identityRegexp: string): string => fault({ identityRegexp, issuer });
    for (const source of [
      '(',
      '[',
      'a{2,1}',
      '\\1',
      '(?=a)',
      '(?<!a)b',
      'x'.repeat(MAX_PATTERN_LENGTH + 1),
    ]) {
      expect(bad(source)).toBe('identityRegexp');
    }
    expect(bad('\\pL{1000}'.repeat(50))).toBe('identityRegexp');
    expect(bad('x'.repeat(MAX_PATTERN_LENGTH))).toBe('usable');
  });

  it('takes time linear in the value, and none for a value nobody could mean', () => {
    const policy = compilePolicy({ identityRegexp: '^(a+)+$', issuer });
    const long = { ...signer, identity: `${'a'.repeat(4000)}!` };
    const started = process.hrtime.bigint();
    expect(refusal(() => assertPolicy(subjectOf(long), policy))).toBe('IDENTITY_MISMATCH');
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1000);
    expect(judge({ identityRegexp: '.*', issuer }, { ...signer, identity: 'a'.repeat(5000) })).toBe(
      'IDENTITY_MISMATCH',
    );
  });

  it('takes nobody without a certificate unless it names the key', () => {
    const nobody = subjectOf(undefined);
    expect(refusal(() => assertPolicy(nobody, compilePolicy({ anyIdentity: true })))).toBe(
      'IDENTITY_MISMATCH',
    );
    expect(refusal(() => assertPolicy(nobody, compilePolicy(base)))).toBe('IDENTITY_MISMATCH');
  });
});

describe('the form of a policy', () => {
  const form = (value: unknown): string => {
    try {
      parsePolicyInput(value as never);
    } catch (error) {
      if (error instanceof PolicyError && error.code === 'POLICY_INVALID') return error.field;
      throw error;
    }
    return 'usable';
  };

  it('is taken with every field there is', () => {
    const all = {
      ...base,
      anchored: true,
      extensions: { buildTrigger: 'push' },
      extensionsRegexp: { buildTrigger: 'push' },
      github: { ref: 'refs/heads/main' },
      githubRegexp: { ref: '^refs/tags/' },
      annotations: { stage: 'production' },
      predicateType: ['slsaprovenance1'],
      predicate: [{ path: 'a', equals: null }],
      actor: 'ada',
      actorId: '7',
    };
    expect(parsePolicyInput(all as JsonObject)).toEqual(all);
  });

  it.each<[string, unknown, string]>([
    ['a list', [], ''],
    ['null', null, ''],
    ['an unknown field', { ...base, owner: 'acme' }, 'owner'],
    ['a field called __proto__', JSON.parse('{"anyIdentity":true,"__proto__":{}}'), '__proto__'],
    ['a number for a text', { identity: 7 }, 'identity'],
    ['a text for a flag', { anyIdentity: 'yes' }, 'anyIdentity'],
    ['a list for extensions', { extensions: [] }, 'extensions'],
    ['a number as an extension', { extensions: { buildTrigger: 1 } }, 'extensions.buildTrigger'],
    ['a key that is no text', { key: 7 }, 'key'],
    ['a rule that is no object', { predicate: ['x'] }, 'predicate.0'],
    ['a rule without a path', { predicate: [{ equals: 1 }] }, 'predicate.0.path'],
    ['a rule with an operator nobody knows', { predicate: [{ path: 'a', like: 1 }] }, 'predicate.0.like'],
    ['a rule that compares with an object', { predicate: [{ path: 'a', equals: {} }] }, 'predicate.0.equals'],
    ['a quantifier nobody knows', { predicate: [{ path: 'a', match: 'most' }] }, 'predicate.0.match'],
  ])('refuses %s, with the field', (_, value, field) => {
    expect(form(value)).toBe(field);
  });

  it('refuses an extension called __proto__ rather than pass over it', () => {
    const input = parsePolicyInput(JSON.parse('{"anyIdentity":true,"extensions":{"__proto__":"x"}}'));
    expect(fault(input)).toBe('extensions.__proto__');
  });
});
