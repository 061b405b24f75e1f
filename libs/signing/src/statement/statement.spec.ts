import { describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { SigningError } from '../errors.ts';
import { COSIGN_SIGN_TYPE, imageStatement, makeStatement, parsePredicate } from './make-statement.ts';
import { MAX_STATEMENT_BYTES, parseStatement } from './statement.ts';

const sha256 = 'ab'.repeat(32);
const subject = [{ name: 'file', digest: { sha256 } }];
const plain = {
  _type: 'https://in-toto.io/Statement/v1',
  subject,
  predicateType: 'https://acme.example/checked/v1',
  predicate: {},
};
const parse = (statement: JsonValue) => parseStatement(encodeUtf8(JSON.stringify(statement)));

function refusal(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof SigningError && error.step === 'input') return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseStatement', () => {
  it.each(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'])('takes %s', (_type) => {
    expect(parse({ ...plain, _type })).toMatchObject({
      subjects: subject,
      predicateType: 'https://acme.example/checked/v1',
    });
  });

  it('keeps the bytes as they were given', () => {
    const payload = encodeUtf8(` ${JSON.stringify(plain, null, 2)}\n`);
    expect(parseStatement(payload).payload).toBe(payload);
  });

  it.each<[string, JsonValue]>([
    ['sha384', [{ digest: { sha384: 'ab'.repeat(48) } }]],
    [
      'sha512 with others beside it',
      [{ digest: { sha512: 'ab'.repeat(64), gitCommit: 'abc', blake2b: 'X' } }],
    ],
    ['further fields', [{ digest: { sha256 }, uri: 'https://acme.example', annotations: { a: 1 } }]],
  ])('takes a subject with %s', (_name, value) => {
    expect(parse({ ...plain, subject: value }).subjects).toHaveLength(1);
  });

  it('takes a statement without predicate', () => {
    const { predicate: _, ...rest } = plain;
    expect(parse(rest).predicateType).toBe(plain.predicateType);
  });

  it.each<[string, JsonValue, string]>([
    ['a list', [plain], 'no JSON object'],
    ['no type', { ...plain, _type: undefined as never }, '_type is missing'],
    ['another type', { ...plain, _type: 'https://in-toto.io/Statement/v2' }, '_type is "https'],
    ['a link in its old form', { _type: 'link', name: 'x' }, '_type is "link"'],
    ['no subject', { ...plain, subject: [] }, 'about nothing'],
    ['a subject that is no list', { ...plain, subject: {} }, 'subject is a object'],
    ['too many subjects', { ...plain, subject: Array(1025).fill(subject[0]) as JsonValue }, '1025 subjects'],
    ['a subject that is text', { ...plain, subject: ['x'] }, 'subject[0] is "x"'],
    ['a name that is a number', { ...plain, subject: [{ name: 1, digest: { sha256 } }] }, 'subject[0].name'],
    ['no digest', { ...plain, subject: [{ name: 'x' }] }, 'subject[0].digest is missing'],
    ['an empty digest', { ...plain, subject: [...subject, { digest: {} }] }, 'subject[1].digest has none of'],
    ['no digest that names a file', { ...plain, subject: [{ digest: { gitCommit: 'ab' } }] }, 'has none of'],
    [
      'upper case hex',
      { ...plain, subject: [{ digest: { sha256: sha256.toUpperCase() } }] },
      '64 lower-case hex',
    ],
    ['a short digest', { ...plain, subject: [{ digest: { sha256: 'ab' } }] }, '64 lower-case hex'],
    [
      'a digest that is a number',
      { ...plain, subject: [{ digest: { sha256: 7 } }] },
      'subject[0].digest.sha256',
    ],
  ])('refuses %s', (_name, statement, message) => {
    const error = refusal(() => parse(statement));
    expect([error.code, error.message]).toEqual(['STATEMENT', expect.stringContaining(message)]);
  });

  it.each([
    ['no JSON', 'statement'],
    ['nothing', ''],
    ['a member given twice', JSON.stringify(plain).replace('{', '{"predicateType":"https://other.example",')],
    ['deep nesting', '['.repeat(100_000)],
    ['more bytes than are taken', ' '.repeat(MAX_STATEMENT_BYTES + 1)],
    ['half a character', '{"a":"\ud800'],
  ])('refuses %s', (_name, text) => {
    expect(refusal(() => parseStatement(encodeUtf8(text))).code).toBe('STATEMENT');
  });

  it.each<JsonValue>([
    '',
    'checked',
    'acme:',
    'https://acme example/',
    `https://${'x'.repeat(1100)}`,
    7,
    null,
  ])('refuses the predicate type %j', (predicateType) => {
    expect(refusal(() => parse({ ...plain, predicateType })).code).toBe('PREDICATE');
  });

  it('refuses a predicate that is not what its type says', () => {
    const error = refusal(() => parse({ ...plain, predicateType: 'https://slsa.dev/provenance/v1' }));
    expect([error.code, error.message]).toEqual([
      'PREDICATE',
      expect.stringMatching(
        /^predicate is not a https:\/\/slsa.dev\/provenance\/v1: predicate.buildDefinition: /,
      ),
    ]);
  });
});

const now = new Date('2026-03-01T12:00:00.123Z');
const make = (type: string, predicate: JsonValue) =>
  makeStatement({ type, predicate, subjects: subject, now });
const predicateOf = (type: string, predicate: JsonValue) =>
  JSON.parse(decodeUtf8(make(type, predicate).payload)) as Record<string, unknown>;

const slsa1 = {
  buildDefinition: {
    buildType: 'https://acme.example/build',
    externalParameters: {},
    resolvedDependencies: [{ uri: 'git+x' }],
  },
  runDetails: {
    builder: { id: 'https://acme.example/builder' },
    metadata: { startedOn: '2026-03-01T12:00:00Z' },
  },
};
const slsa02 = { builder: { id: 'x' }, buildType: 'y', materials: [{ uri: 'z', digest: { sha1: 'ab' } }] };
const vex = {
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://acme.example/vex/1',
  author: 'acme',
  timestamp: '2026-03-01T12:00:00+01:00',
  version: 1,
  statements: [{ vulnerability: { name: 'CVE-2026-1' }, status: 'not_affected' }],
};
const vuln = {
  invocation: { uri: '' },
  scanner: { uri: 'pkg:acme/scanner', version: '1', result: { findings: [] } },
  metadata: { scanStartedOn: '2026-03-01T12:00:00Z', scanFinishedOn: '2026-03-01T12:00:01Z' },
};
const link = {
  _type: 'link',
  name: 'x',
  command: [],
  materials: {},
  products: {},
  byproducts: {},
  environment: {},
};

describe('makeStatement', () => {
  it("writes what cosign writes: version 0.1, fields in proto's order", () => {
    expect(decodeUtf8(make('cyclonedx', { bomFormat: 'CycloneDX', specVersion: '1.6' }).payload)).toBe(
      `{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"file","digest":{"sha256":"${sha256}"}}],` +
        '"predicateType":"https://cyclonedx.org/bom","predicate":{"bomFormat":"CycloneDX","specVersion":"1.6"}}',
    );
  });

  it.each<[string, JsonValue, string]>([
    ['slsaprovenance1', slsa1, 'https://slsa.dev/provenance/v1'],
    ['slsaprovenance', slsa02, 'https://slsa.dev/provenance/v0.2'],
    ['slsaprovenance02', slsa02, 'https://slsa.dev/provenance/v0.2'],
    ['spdx', 'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0', 'https://spdx.dev/Document'],
    ['spdxjson', { spdxVersion: 'SPDX-2.3' }, 'https://spdx.dev/Document'],
    ['spdxjson', { '@context': 'https://spdx.org/rdf/3.0.1', '@graph': [] }, 'https://spdx.dev/Document'],
    ['cyclonedx', { bomFormat: 'CycloneDX', specVersion: '1.6' }, 'https://cyclonedx.org/bom'],
    ['openvex', vex, 'https://openvex.dev/ns'],
    ['vuln', vuln, 'https://cosign.sigstore.dev/attestation/vuln/v1'],
    ['link', link, 'https://in-toto.io/Link/v1'],
    ['https://acme.example/v1', { any: 'thing' }, 'https://acme.example/v1'],
    ['https://openvex.dev/ns/v0.2.0', vex, 'https://openvex.dev/ns/v0.2.0'],
  ])('takes %s', (type, predicate, uri) => {
    expect(predicateOf(type, predicate)).toMatchObject({ predicateType: uri, predicate });
  });

  it('wraps a custom predicate as text, with the time', () => {
    const wrapped = { Data: '{"a":1}', Timestamp: '2026-03-01T12:00:00Z' };
    expect(predicateOf('custom', { a: 1 })['predicate']).toEqual(wrapped);
    expect(predicateOf('custom', '{"a":1}')).toMatchObject({
      predicateType: 'https://cosign.sigstore.dev/attestation/v1',
      predicate: wrapped,
    });
  });

  it.each<[string, string, JsonValue, string]>([
    ['a builder', 'slsaprovenance1', { ...slsa1, runDetails: {} }, 'predicate.runDetails.builder'],
    [
      'a time',
      'slsaprovenance1',
      { ...slsa1, runDetails: { builder: { id: 'x' }, metadata: { startedOn: 'noon' } } },
      'startedOn: want a time',
    ],
    ['provenance of its version', 'slsaprovenance1', slsa02, 'predicate.buildDefinition'],
    ['a build type', 'slsaprovenance02', { ...slsa02, buildType: '' }, 'predicate.buildType: want a text'],
    ['materials', 'slsaprovenance', { ...slsa02, materials: [1] }, 'predicate.materials.0'],
    ['a document of SPDX', 'spdxjson', { name: 'x' }, 'want an SPDX document: a text'],
    ['an SPDX version', 'spdxjson', { spdxVersion: '2.3' }, 'predicate.spdxVersion: want SPDX-2.x'],
    ['an SPDX document', 'spdx', 'a text', 'want an SPDX document in its tag-value form'],
    ['a text', 'spdx', { spdxVersion: 'SPDX-2.3' }, 'want the text'],
    ['a format', 'cyclonedx', { specVersion: '1.6' }, 'predicate.bomFormat'],
    ['a version', 'cyclonedx', { bomFormat: 'CycloneDX', specVersion: 'x' }, 'predicate.specVersion'],
    ['statements', 'openvex', { ...vex, statements: [] }, 'predicate.statements: want at least one'],
    [
      'a known status',
      'openvex',
      { ...vex, statements: [{ vulnerability: 'x', status: 'fine' }] },
      'predicate.statements.0.status',
    ],
    ['a context', 'openvex', { ...vex, '@context': 'https://other.example' }, 'predicate.@context'],
    ['times of the scan', 'vuln', { ...vuln, metadata: {} }, 'predicate.metadata.scanStartedOn'],
    ['products', 'link', { ...link, products: undefined as never }, 'predicate.products'],
    ['an object', 'https://acme.example/v1', [1], 'want a JSON object'],
    ['an object', 'https://acme.example/v1', 'text', 'want a JSON object'],
    ['a type', 'no-type', {}, 'absolute URI'],
  ])('asks for %s in %s', (_name, type, predicate, message) => {
    const error = refusal(() => make(type, predicate));
    expect([error.code, error.message]).toEqual(['PREDICATE', expect.stringContaining(message)]);
  });

  it('refuses a subject without digest', () => {
    const wanted = { type: 'https://acme.example/v1', predicate: {}, now };
    expect(refusal(() => makeStatement({ ...wanted, subjects: [] })).code).toBe('STATEMENT');
    expect(refusal(() => makeStatement({ ...wanted, subjects: [{ digest: { md5: 'ab' } }] })).code).toBe(
      'STATEMENT',
    );
  });
});

describe('parsePredicate', () => {
  it('reads JSON, and leaves text for the types that take it', () => {
    expect(parsePredicate('cyclonedx', encodeUtf8('{"a":[1.50]}'))).toEqual({ a: [1.5] });
    expect(parsePredicate('spdx', encodeUtf8('SPDXVersion: x'))).toBe('SPDXVersion: x');
    expect(parsePredicate('custom', encodeUtf8('{"a": 1}\n'))).toBe('{"a": 1}\n');
  });

  it.each([
    ['no JSON', 'x'],
    ['a member given twice', '{"a":1,"a":2}'],
    ['a number that would change', '{"a":12345678901234567890}'],
  ])('refuses %s', (_name, text) => {
    expect(refusal(() => parsePredicate('cyclonedx', encodeUtf8(text))).code).toBe('PREDICATE');
  });

  it('refuses bytes that are no text', () => {
    expect(refusal(() => parsePredicate('custom', Uint8Array.of(0xff))).code).toBe('PREDICATE');
  });
});

describe('imageStatement', () => {
  it('is that of cosign 3', () => {
    const digest = `sha256:${sha256}`;
    expect(decodeUtf8(imageStatement(digest).payload)).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${sha256}"}}],` +
        `"predicateType":"${COSIGN_SIGN_TYPE}","predicate":{}}`,
    );
    expect(JSON.parse(decodeUtf8(imageStatement(digest, { build: '7' }).payload))).toMatchObject({
      subject: [{ annotations: { build: '7' } }],
    });
  });
});
