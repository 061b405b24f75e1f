import { PrivateKeySigner } from '@sigstead/crypto';
import type { JsonValue } from '@sigstead/encoding';
import { describe, expect, it } from '@jest/globals';
import { PolicyError } from '../../errors.ts';
import { assertPolicy, compilePolicy } from '../../policy.ts';
import { STATEMENT_TYPES } from '../../statement.ts';
import { refusal } from '../../testonly/refusal.ts';
import type { PolicyInput } from '../policy-input.ts';
import type { PolicySubject } from '../subject.ts';
import { EVERY, MAX_SELECTED, parsePath, select } from './json-path.ts';
import type { PredicateRuleInput } from './predicate-rules.ts';
import { parsePredicateType } from './predicate-type-rules.ts';

const SLSA_02 = 'https://slsa.dev/provenance/v0.2';
const SLSA_1 = 'https://slsa.dev/provenance/v1';
const signer = {
  identity: 'builder',
  identityType: 'uri',
  issuer: 'https://issuer.test',
  claims: { issuer: 'https://issuer.test' },
} as const;

const signature: PolicySubject = { signer, statement: undefined, annotations: { stage: 'production' } };
const attested = (predicate: JsonValue, predicateType = SLSA_1): PolicySubject => ({
  ...signature,
  statement: { type: STATEMENT_TYPES[0] as string, predicateType, subjects: [], predicate },
});
const judge = (input: PolicyInput, subject: PolicySubject): string =>
  refusal(() => assertPolicy(subject, compilePolicy({ anyIdentity: true, ...input })));
const reason = (input: PolicyInput, subject: PolicySubject): string => {
  try {
    assertPolicy(subject, compilePolicy({ anyIdentity: true, ...input }));
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};
const fault = (input: PolicyInput): string => {
  try {
    compilePolicy({ anyIdentity: true, ...input });
  } catch (error) {
    if (error instanceof PolicyError && error.code === 'POLICY_INVALID') return error.field;
    throw error;
  }
  return 'usable';
};

describe('annotations', () => {
  it('are compared as a whole, and must be there', () => {
    expect(judge({ annotations: { stage: 'production' } }, signature)).toBe('accepted');
    expect(judge({ annotations: { stage: 'prod' } }, signature)).toBe('ANNOTATION_MISMATCH');
    expect(judge({ annotations: { team: 'a' } }, signature)).toBe('ANNOTATION_MISMATCH');
    expect(judge({ annotations: { constructor: 'x' } }, signature)).toBe('ANNOTATION_MISMATCH');
    expect(fault({ annotations: { stage: '' } })).toBe('annotations.stage');
  });
});

describe('managed keys', () => {
  const { publicKey } = PrivateKeySigner.generate('P-256');
  const other = PrivateKeySigner.generate('Ed25519').publicKey;
  const byKey = (key = publicKey): PolicySubject => ({ ...signature, signer: undefined, key });
  const policy = (key: string | string[]): ReturnType<typeof compilePolicy> => compilePolicy({ key });

  it('are compared, one or several of them', () => {
    expect(refusal(() => assertPolicy(byKey(), policy(publicKey.toPem())))).toBe('accepted');
    expect(refusal(() => assertPolicy(byKey(), policy([other.toPem(), publicKey.toPem()])))).toBe('accepted');
    expect(refusal(() => assertPolicy(byKey(other), policy(publicKey.toPem())))).toBe('KEY_MISMATCH');
    expect(policy(publicKey.toPem()).keys.map((key) => key.spki)).toEqual([publicKey.spki]);
  });

  it('are not certificates, nor keys nobody names', () => {
    expect(refusal(() => assertPolicy(signature, policy(publicKey.toPem())))).toBe('KEY_MISMATCH');
    const unknown = { ...signature, signer: undefined };
    expect(refusal(() => assertPolicy(unknown, policy(publicKey.toPem())))).toBe('KEY_MISMATCH');
  });

  it.each<[string, PolicyInput, string]>([
    ['no PEM', { key: 'hello' }, 'key'],
    ['an empty list', { key: [] }, 'key'],
    ['a bad one of several', { key: [publicKey.toPem(), 'x'] }, 'key.1'],
    ['too many', { key: Array<string>(33).fill(publicKey.toPem()) }, 'key'],
    ['an identity beside it', { key: publicKey.toPem(), identity: 'x' }, 'identity'],
    ['anyIdentity beside it', { key: publicKey.toPem(), anyIdentity: true }, 'anyIdentity'],
    ['a GitHub fact beside it', { key: publicKey.toPem(), github: { ref: 'x' } }, 'github'],
  ])('refuse %s by name', (_, input, field) => {
    try {
      compilePolicy(input);
    } catch (error) {
      expect((error as PolicyError).field).toBe(field);
      return;
    }
    throw new Error('usable');
  });
});

describe('predicate types', () => {
  it('have the short names of cosign', () => {
    expect(parsePredicateType('type', 'slsaprovenance')).toBe(SLSA_02);
    expect(parsePredicateType('type', 'slsaprovenance1')).toBe(SLSA_1);
    expect(parsePredicateType('type', 'spdxjson')).toBe('https://spdx.dev/Document');
    expect(parsePredicateType('type', 'https://example.test/mine')).toBe('https://example.test/mine');
    expect(fault({ predicateType: 'slsa' })).toBe('predicateType');
    expect(fault({ predicateType: [] })).toBe('predicateType');
    expect(fault({ predicateType: ['vuln', 'x y'] })).toBe('predicateType.1');
  });

  it('are compared as a whole', () => {
    expect(judge({ predicateType: 'slsaprovenance1' }, attested({}))).toBe('accepted');
    expect(judge({ predicateType: ['vuln', 'slsaprovenance1'] }, attested({}))).toBe('accepted');
    expect(judge({ predicateType: 'slsaprovenance' }, attested({}))).toBe('PREDICATE_TYPE_MISMATCH');
    expect(judge({ predicateType: 'slsaprovenance1' }, attested({}, `${SLSA_1}/`))).toBe(
      'PREDICATE_TYPE_MISMATCH',
    );
    expect(judge({ predicateType: 'slsaprovenance1' }, signature)).toBe('PREDICATE_TYPE_MISMATCH');
  });
});

describe('paths', () => {
  it('are names, indexes, quoted names and every', () => {
    expect(parsePath('p', 'a.b[0].c-d["x.y \\"z\\""][*].$e')).toEqual([
      'a',
      'b',
      0,
      'c-d',
      'x.y "z"',
      EVERY,
      '$e',
    ]);
    expect(parsePath('p', '["a/b"]')).toEqual(['a/b']);
  });

  it.each([
    '',
    '.',
    '.a',
    'a.',
    'a..b',
    'a b',
    'a[',
    'a[]',
    'a[01]',
    'a[-1]',
    'a["x]',
    'a[?(@.b)]',
    'a.*',
    'a[*',
    'x'.repeat(600),
    'a.'.repeat(20) + 'a',
    'a[*][*][*][*]',
  ])('are not %s', (text) => {
    expect(() => parsePath('p', text)).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID', field: 'p' }),
    );
  });

  it('select values, and undefined for a way that ends', () => {
    const value = { list: [{ id: 1 }, {}, { id: null }], map: { a: { id: 2 }, b: { id: 3 } } };
    expect(select(value, parsePath('p', 'list[*].id'))).toEqual([1, undefined, null]);
    expect(select(value, parsePath('p', 'map[*].id'))).toEqual([2, 3]);
    expect(select(value, parsePath('p', 'list[1]'))).toEqual([{}]);
    expect(select(value, parsePath('p', 'list.length'))).toEqual([undefined]);
    expect(select(value, parsePath('p', 'toString'))).toEqual([undefined]);
    expect(select(value, parsePath('p', '__proto__'))).toEqual([undefined]);
    expect(select({ list: [] }, parsePath('p', 'list[*].id'))).toEqual([]);
  });

  it('give up on more values than anybody means', () => {
    const wide = Array<number>(MAX_SELECTED + 1).fill(0);
    expect(judge({ predicate: [{ path: '[*]', exists: true }] }, attested(wide))).toBe('PREDICATE_MISMATCH');
    expect(judge({ predicate: [{ path: '[*]', equals: 0 }] }, attested(wide))).toBe('PREDICATE_MISMATCH');
    expect(select(wide, [EVERY])).toBeUndefined();
    expect(judge({ predicate: [{ path: '[*]', match: 'none', equals: 1 }] }, attested(wide))).toBe(
      'PREDICATE_MISMATCH',
    );
  });
});

describe('predicate rules', () => {
  const predicate = {
    builder: { id: 'https://github.com/acme/builder@v1' },
    score: 9.8,
    reproducible: true,
    nothing: null,
    tags: ['a', 'b'],
    results: [{ severity: 'LOW' }, { severity: 'HIGH' }],
    mixed: [{ severity: 'LOW' }, {}],
    odd: [{ severity: 'LOW' }, { severity: 7 }],
    empty: [],
  };
  const rule = (...rules: PredicateRuleInput[]): string => judge({ predicate: rules }, attested(predicate));
  const met = 'accepted';
  const not = 'PREDICATE_MISMATCH';

  it.each<[PredicateRuleInput, string]>([
    [{ path: 'builder.id', equals: 'https://github.com/acme/builder@v1' }, met],
    [{ path: 'builder.id', equals: 'https://github.com/acme/builder' }, not],
    [{ path: 'score', equals: 9.8 }, met],
    [{ path: 'score', equals: '9.8' }, not],
    [{ path: 'nothing', equals: null }, met],
    [{ path: 'builder', equals: null }, not],
    [{ path: 'absent', equals: null }, not],
    [{ path: 'reproducible', equals: true }, met],
    [{ path: 'reproducible', in: [false, 'true'] }, not],
    [{ path: 'score', in: [9.8, 10] }, met],
    [{ path: 'builder.id', regexp: '^https://github.com/acme/' }, met],
    [{ path: 'builder.id', regexp: 'https://github.com/acme/', anchored: true }, not],
    [{ path: 'score', regexp: '9' }, not],
    [{ path: 'tags', contains: 'a' }, met],
    [{ path: 'tags', contains: 'c' }, not],
    [{ path: 'builder.id', contains: 'acme' }, met],
    [{ path: 'score', contains: 9 }, not],
    [{ path: 'score', min: 9, max: 10 }, met],
    [{ path: 'score', min: 9.9 }, not],
    [{ path: 'score', max: 9.7 }, not],
    [{ path: 'builder.id', min: 0 }, not],
    [{ path: 'nothing', exists: true }, met],
    [{ path: 'absent', exists: true }, not],
    [{ path: 'absent', exists: false }, met],
    [{ path: 'nothing', exists: false }, not],
    [{ path: 'mixed[*].severity', exists: true }, not],
    [{ path: 'empty[*]', exists: true }, not],
    [{ path: 'results[*].severity', in: ['LOW', 'HIGH'] }, met],
    [{ path: 'results[*].severity', equals: 'LOW' }, not],
    [{ path: 'results[*].severity', equals: 'LOW', match: 'any' }, met],
    [{ path: 'results[*].severity', equals: 'CRITICAL', match: 'any' }, not],
    [{ path: 'results[*].severity', equals: 'CRITICAL', match: 'none' }, met],
    [{ path: 'results[*].severity', equals: 'HIGH', match: 'none' }, not],
    [{ path: 'results[*].severity', regexp: 'HIGH|CRITICAL', match: 'none' }, not],
    [{ path: 'mixed[*].severity', equals: 'LOW' }, not],
    [{ path: 'mixed[*].severity', equals: 'HIGH', match: 'none' }, met],
    [{ path: 'odd[*].severity', regexp: 'HIGH', match: 'none' }, not],
    [{ path: 'builder', equals: 'x', match: 'none' }, not],
    [{ path: 'empty[*].severity', equals: 'LOW' }, not],
    [{ path: 'empty[*].severity', equals: 'LOW', match: 'any' }, not],
    [{ path: 'empty[*].severity', equals: 'LOW', match: 'none' }, met],
    [{ path: 'nothing[*].severity', equals: 'LOW', match: 'none' }, met],
    [{ path: 'absent[*].severity', equals: 'LOW', match: 'none' }, not],
    [{ path: 'score[*].severity', equals: 'LOW', match: 'none' }, not],
    [{ path: 'builder.absent', equals: 'x', match: 'none' }, met],
    [{ path: 'bulider.id', equals: 'x', match: 'none' }, not],
    [{ path: 'absent', equals: 'x', match: 'none' }, met],
    [{ path: 'mixed[*].absent[*].severity', equals: 'LOW', match: 'none' }, met],
  ])('%j: %s', (input, want) => {
    expect(rule(input)).toBe(want);
  });

  it('all have to be met, by an attestation', () => {
    expect(rule({ path: 'score', min: 9 }, { path: 'tags', contains: 'c' })).toBe(not);
    expect(judge({ predicate: [{ path: 'absent', exists: false }] }, signature)).toBe(not);
    expect(judge({ predicate: [{ path: 'a', match: 'none', equals: 1 }] }, signature)).toBe(not);
  });

  it('that forbid something are not met by a document of another form, nor by none', () => {
    const forbid = (path: string, predicate: JsonValue): string =>
      reason({ predicate: [{ path, equals: 'HIGH', match: 'none' }] }, attested(predicate));
    const path = 'scanner.result.Results[*].Vulnerabilities[*].Severity';
    expect(forbid(path, { scanner: { result: { Results: [{ Target: 'app' }] } } })).toBe('accepted');
    const another = 'the attestation is of another form: there is nothing that could have it';
    expect(forbid(path, { scanner: { result: { matches: [{ severity: 'HIGH' }] } } })).toMatch(another);
    expect(forbid('[*].Severity', null)).toMatch(another);
    expect(forbid('Severity', 'HIGH')).toMatch(another);
  });

  it('do not let a text too long to be judged pass for one without what is forbidden', () => {
    const long = attested({ text: `${'x'.repeat(5000)}forbidden` });
    expect(judge({ predicate: [{ path: 'text', regexp: 'forbidden', match: 'none' }] }, long)).toBe(not);
  });

  it('do not confuse numbers that JSON reads as the same', () => {
    const big = attested(JSON.parse('{"id":9007199254740993}') as JsonValue);
    expect(judge({ predicate: [{ path: 'id', equals: 9007199254740991 }] }, big)).toBe(not);
    expect(fault({ predicate: [{ path: 'id', equals: 9007199254740993 }] })).toBe('predicate.0.equals');
  });

  it('say what is required and what is there, without control characters', () => {
    expect(reason({ predicate: [{ path: 'score', max: 7 }] }, attested(predicate))).toBe(
      'every score at most 7 is required, there is 9.8',
    );
    expect(reason({ predicate: [{ path: 'a', equals: 'b' }] }, attested({ a: '\u001b[2J' }))).not.toMatch(
      /\p{Cc}/u,
    );
  });

  it.each<[string, PredicateRuleInput, string]>([
    ['nothing', { path: 'a' }, 'predicate.0'],
    ['an empty path', { path: '', equals: 1 }, 'predicate.0.path'],
    ['exists beside another', { path: 'a', exists: true, equals: 1 }, 'predicate.0.exists'],
    ['exists with a quantifier', { path: 'a', exists: true, match: 'any' }, 'predicate.0.match'],
    ['no choices', { path: 'a', in: [] }, 'predicate.0.in'],
    ['too many choices', { path: 'a', in: Array<number>(65).fill(1) }, 'predicate.0.in'],
    ['an empty choice', { path: 'a', in: ['x', ''] }, 'predicate.0.in.1'],
    ['a pattern that is none', { path: 'a', regexp: '(' }, 'predicate.0.regexp'],
    ['a pattern that backtracks', { path: 'a', regexp: '(a)\\1' }, 'predicate.0.regexp'],
    ['an anchor without pattern', { path: 'a', equals: 1, anchored: true }, 'predicate.0.anchored'],
    ['bounds the wrong way round', { path: 'a', min: 2, max: 1 }, 'predicate.0.max'],
    ['a bound that is none', { path: 'a', min: Infinity }, 'predicate.0.min'],
    ['an overlong value', { path: 'a', equals: 'x'.repeat(5000) }, 'predicate.0.equals'],
  ])('refuse %s by name', (_, input, field) => {
    expect(fault({ predicate: [input] })).toBe(field);
  });

  it('are bounded in number', () => {
    expect(fault({ predicate: Array<PredicateRuleInput>(33).fill({ path: 'a', equals: 1 }) })).toBe(
      'predicate',
    );
  });
});

describe('the actor', () => {
  const environment = (values: Record<string, string>): PolicySubject =>
    attested({ invocation: { environment: values } }, SLSA_02);
  const internal = (values: JsonValue): PolicySubject =>
    attested({ buildDefinition: { internalParameters: values } });

  it('is read from provenance of both versions', () => {
    expect(judge({ actor: 'ada' }, environment({ github_actor: 'ada' }))).toBe('accepted');
    expect(judge({ actorId: '7' }, environment({ GITHUB_ACTOR_ID: '7' }))).toBe('accepted');
    expect(judge({ actorId: '7' }, internal({ GITHUB_ACTOR_ID: '7' }))).toBe('accepted');
    expect(judge({ actorId: '7' }, internal({ github: { actor_id: 7 } }))).toBe('accepted');
    expect(judge({ actor: 'ada' }, internal({ github: { actor: 'ada' } }))).toBe('accepted');
  });

  it('is somebody else', () => {
    expect(judge({ actor: 'ada' }, environment({ github_actor: 'eve' }))).toBe('ACTOR_MISMATCH');
    expect(judge({ actor: 'ada' }, environment({ github_actor: 'ada2' }))).toBe('ACTOR_MISMATCH');
    expect(judge({ actor: 'ada' }, environment({ github_actor: 'ada', GITHUB_ACTOR: 'eve' }))).toBe(
      'ACTOR_MISMATCH',
    );
    expect(judge({ actorId: '7' }, internal({ GITHUB_ACTOR_ID: { id: '7' } }))).toBe('ACTOR_MISMATCH');
  });

  it('is not known without provenance, and that is said', () => {
    expect(judge({ actor: 'ada' }, signature)).toBe('ACTOR_UNKNOWN');
    expect(reason({ actor: 'ada' }, signature)).toMatch(
      /only known from provenance, and this signature carries no/,
    );
    expect(reason({ actor: 'ada' }, attested({}, 'https://spdx.dev/Document'))).toMatch(
      /attestation of type https:\/\/spdx\.dev\/Document/,
    );
  });

  it("is not known from provenance that does not tell, such as GitHub's own", () => {
    const github = { event_name: 'push', repository_id: '1', repository_owner_id: '2' };
    expect(judge({ actor: 'ada' }, internal({ github }))).toBe('ACTOR_UNKNOWN');
    expect(judge({ actor: 'ada' }, internal({ github_actor: '' }))).toBe('ACTOR_UNKNOWN');
    expect(judge({ actor: 'ada' }, internal(null))).toBe('ACTOR_UNKNOWN');
    expect(judge({ actor: 'ada' }, attested(null))).toBe('ACTOR_UNKNOWN');
    expect(judge({ actor: 'constructor' }, internal({}))).toBe('ACTOR_UNKNOWN');
  });
});
