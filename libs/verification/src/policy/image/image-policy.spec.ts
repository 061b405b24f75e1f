import { PrivateKeySigner } from '@sigstead/crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PolicyError } from '../../errors.ts';
import { assignSigners } from './assignment.ts';
import { canonicalImageName, compileImagePattern } from './image-pattern.ts';
import { parseImagePolicyDocument } from './image-policy-document.ts';
import { appliesTo, compileImagePolicy, type ImagePolicy } from './image-policy.ts';
import { findDuplicateName } from './unique-names.ts';

const ada = { name: 'ada', identity: 'ada@acme.test', issuer: 'https://issuer.test' };
const bob = { name: 'bob', identity: 'bob@acme.test', issuer: 'https://issuer.test' };
const spec = { images: ['ghcr.io/acme/*'], signers: [ada] };
const documentOf = (change: object = {}, rest: object = {}): string =>
  JSON.stringify({
    apiVersion: 'sigstead.dev/v1',
    kind: 'ImagePolicy',
    metadata: { name: 'release' },
    spec: { ...spec, ...change },
    ...rest,
  });
const compile = (text: string): ImagePolicy => compileImagePolicy(parseImagePolicyDocument(text));
const fault = (text: string): string => {
  try {
    compile(text);
  } catch (error) {
    if (error instanceof PolicyError && error.code === 'POLICY_INVALID') return error.field;
    throw error;
  }
  return 'usable';
};
const provenance = { name: 'provenance', predicateType: 'slsaprovenance1', signers: [ada] };

describe('image patterns', () => {
  const matches = (pattern: string, name: string): boolean => compileImagePattern('p', pattern).matches(name);

  it.each<[string, string, boolean]>([
    ['ghcr.io/acme/app', 'ghcr.io/acme/app', true],
    ['ghcr.io/acme/app', 'ghcr.io/acme/app2', false],
    ['ghcr.io/acme/app', 'ghcrxio/acme/app', false],
    ['ghcr.io/acme/*', 'ghcr.io/acme/app', true],
    ['ghcr.io/acme/*', 'ghcr.io/acme/team/app', false],
    ['ghcr.io/acme/*', 'ghcr.io/acme2/app', false],
    ['ghcr.io/acme/app-*', 'ghcr.io/acme/app-web', true],
    ['ghcr.io/acme/**', 'ghcr.io/acme/team/app', true],
    ['ghcr.io/acme/**', 'ghcr.io/acme', false],
    ['ghcr.io/**/app', 'ghcr.io/app', true],
    ['ghcr.io/**/app', 'ghcr.io/a/b/app', true],
    ['ghcr.io/**/app', 'ghcr.io/a/myapp', false],
    ['*.azurecr.io/**', 'acme.azurecr.io/x', true],
    ['*.azurecr.io/**', 'evil.test/acme.azurecr.io/x', false],
    ['*/acme/app', 'localhost:5000/acme/app', true],
    ['localhost:5000/acme/app', 'localhost:5000/acme/app', true],
    ['[::1]:5000/app', '[::1]:5000/app', true],
    ['**', 'docker.io/library/nginx', true],
  ])('%s and %s: %s', (pattern, name, want) => {
    expect(matches(pattern, name)).toBe(want);
  });

  it.each([
    '',
    'acme/app',
    'GHCR.io/acme/app',
    'ghcr.io',
    'ghcr.io/',
    'ghcr.io//app',
    'ghcr.io/acme/app:1',
    'ghcr.io/a**b',
    'ghcr.io/a b',
    'https://ghcr.io/acme',
    `ghcr.io/${'a'.repeat(300)}`,
    `ghcr.io/${'*a'.repeat(30)}`,
  ])('refuse %s', (pattern) => {
    expect(() => compileImagePattern('p', pattern)).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID', field: 'p' }),
    );
  });

  it('cannot be passed by another spelling of the registry', () => {
    expect(canonicalImageName('ghcr.io:443', 'acme/app')).toBe('ghcr.io/acme/app');
    expect(canonicalImageName('index.docker.io', 'library/nginx')).toBe('docker.io/library/nginx');
    expect(canonicalImageName('localhost:5000', 'app')).toBe('localhost:5000/app');
  });

  it('take linear time', () => {
    const pattern = compileImagePattern('p', 'ghcr.io/*a*a*a*a*a*a*a*b');
    const started = process.hrtime.bigint();
    expect(pattern.matches(`ghcr.io/${'a'.repeat(4000)}`)).toBe(false);
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1000);
  });
});

describe('image policies', () => {
  it('are strict where they say nothing', () => {
    const policy = compile(documentOf());
    expect(policy).toMatchObject({ name: 'release', mode: 'enforce', tags: 'deny', trustRoots: undefined });
    expect(policy.requirements).toHaveLength(1);
    expect(appliesTo(policy, 'ghcr.io/acme/app')).toBe(true);
    expect(appliesTo(policy, 'ghcr.io/other/app')).toBe(false);
    expect(compile(documentOf({ signers: [ada, bob] })).requirements[0]?.threshold).toBe(2);
  });

  it('gather keys and loose patterns', () => {
    const key = PrivateKeySigner.generate('P-256').publicKey;
    const policy = compile(
      documentOf({
        signers: [
          { name: 'key', key: key.toPem() },
          { name: 'same', key: [key.toPem()] },
          { name: 'loose', identityRegexp: 'acme', issuer: 'https://issuer.test' },
        ],
      }),
    );
    expect(policy.keys.map(({ spki }) => spki)).toEqual([key.spki]);
    expect(policy.unanchored).toEqual(['image: loose.identityRegexp']);
  });

  it('hand their demands on', () => {
    const demands = { requireTimestamp: true, logThreshold: 2, timestampThreshold: 1 };
    expect(compile(documentOf(demands)).demands).toEqual({
      requireInclusionProof: undefined,
      requireRevocationList: undefined,
      ...demands,
    });
  });

  it.each<[string, string, string]>([
    ['no JSON', '{', ''],
    ['a list', '[]', ''],
    ['deep JSON', `${'['.repeat(50)}${']'.repeat(50)}`, ''],
    ['a large document', documentOf({ pad: 'x'.repeat(70_000) }), ''],
    ['a name twice', '{"kind":"ImagePolicy","spec":{"images":[],"images":["**"]}}', 'spec.images'],
    ['another version', documentOf({}, { apiVersion: 'v2' }), 'apiVersion'],
    ['another kind', documentOf({}, { kind: 'Policy' }), 'kind'],
    ['an unknown field', documentOf({ image: [] }), 'spec.image'],
    [
      'an unknown field of a signer',
      documentOf({ signers: [{ ...ada, owner: 'x' }] }),
      'spec.signers.0.owner',
    ],
    [
      'a field called __proto__',
      '{"__proto__":1,"apiVersion":"sigstead.dev/v1","kind":"ImagePolicy","metadata":{"name":"a"},"spec":{"images":["**"]}}',
      '__proto__',
    ],
    ['a bad name', documentOf({}, { metadata: { name: 'No Name' } }), 'metadata.name'],
    ['no images', documentOf({ images: [] }), 'spec.images'],
    ['too many images', documentOf({ images: Array<string>(65).fill('**') }), 'spec.images'],
    ['a bad image', documentOf({ images: ['**', 'app'] }), 'spec.images.1'],
    ['nothing asked', documentOf({ signers: [] }), 'spec.signers'],
    [
      'a threshold of nobody',
      documentOf({ signers: [], threshold: 1, attestations: [provenance] }),
      'spec.threshold',
    ],
    ['a threshold of none', documentOf({ threshold: 0 }), 'spec.threshold'],
    ['a threshold above the signers', documentOf({ threshold: 2 }), 'spec.threshold'],
    ['half a threshold', documentOf({ threshold: 0.5 }), 'spec.threshold'],
    [
      'a signer without a name',
      documentOf({ signers: [{ ...ada, name: undefined }] }),
      'spec.signers.0.name',
    ],
    ['two of one name', documentOf({ signers: [ada, { ...bob, name: 'ada' }] }), 'spec.signers.1.name'],
    [
      'a signer without an issuer',
      documentOf({ signers: [{ ...ada, issuer: undefined }] }),
      'spec.signers.0.issuer',
    ],
    [
      'a bad pattern',
      documentOf({ signers: [bob, { ...ada, identity: undefined, identityRegexp: '(' }] }),
      'spec.signers.1.identityRegexp',
    ],
    ['a bad key', documentOf({ signers: [{ name: 'k', key: ['x'] }] }), 'spec.signers.0.key.0'],
    [
      'an actor without provenance',
      documentOf({ signers: [{ ...ada, actor: 'ada' }] }),
      'spec.signers.0.actor',
    ],
    [
      'a predicate without attestation',
      documentOf({ signers: [{ ...ada, predicate: [] }] }),
      'spec.signers.0.predicate',
    ],
    [
      'an attestation of no type',
      documentOf({ attestations: [{ ...provenance, predicateType: 'slsa' }] }),
      'spec.attestations.0.predicateType',
    ],
    [
      'an attestation by nobody',
      documentOf({ attestations: [{ ...provenance, signers: [] }] }),
      'spec.attestations.0.signers',
    ],
    [
      'two attestations of one name',
      documentOf({ attestations: [provenance, provenance] }),
      'spec.attestations.1.name',
    ],
    [
      'a bad rule of an attestation',
      documentOf({ attestations: [{ ...provenance, predicate: [{ path: '', equals: 1 }] }] }),
      'spec.attestations.0.signers.0.predicate.0.path',
    ],
    [
      'a type in a signer of an attestation',
      documentOf({ attestations: [{ ...provenance, signers: [{ ...ada, predicateType: 'vuln' }] }] }),
      'spec.attestations.0.signers.0.predicateType',
    ],
    ['no trusted root', documentOf({ trustRoots: [] }), 'spec.trustRoots'],
    ['a log threshold of none', documentOf({ logThreshold: 0 }), 'spec.logThreshold'],
    [
      'a timestamp threshold beyond reason',
      documentOf({ timestampThreshold: 99 }),
      'spec.timestampThreshold',
    ],
    ['a mode nobody knows', documentOf({ mode: 'audit' }), 'spec.mode'],
  ])('refuse %s, with the field', (_, text, field) => {
    expect(fault(text)).toBe(field);
  });
});

describe('names of an object', () => {
  it.each<[string, string | undefined]>([
    ['{"a":1,"b":{"a":2}}', undefined],
    ['{"a":1,"a":2}', 'a'],
    ['{"a":[{"b":1},{"b":1,"c":"}","b":2}]}', 'a.1.b'],
    ['{"a\\"":1,"a\\"":1}', 'a"'],
    ['{"\\u0061":1,"a":1}', 'a'],
    ['["a","a"]', undefined],
    ['{"a":"a","b":["b","b"]}', undefined],
  ])('%s: %s', (text, want) => {
    expect(findDuplicateName(text)).toBe(want);
  });
});

describe('assignSigners', () => {
  it('gives every signer a principal of its own, as many as there can be', () => {
    const graph = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(graph, (candidates) => {
        const assigned = assignSigners(candidates);
        const used = assigned.filter((principal) => principal !== undefined);
        expect(new Set(used).size).toBe(used.length);
        for (const [signer, principal] of assigned.entries()) {
          if (principal !== undefined) expect(candidates[signer]).toContain(principal);
        }
        expect(used.length).toBe(mostByTrying(candidates, 0, new Set()));
      }),
    );
  });
});

/** Slow and obvious: every way to give or not to give. */
function mostByTrying(
  candidates: readonly (readonly number[])[],
  at: number,
  used: ReadonlySet<number>,
): number {
  const row = candidates[at];
  if (row === undefined) return 0;
  const given = row
    .filter((principal) => !used.has(principal))
    .map((principal) => 1 + mostByTrying(candidates, at + 1, new Set([...used, principal])));
  return Math.max(mostByTrying(candidates, at + 1, used), ...given);
}
