import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Finished } from '@sigstead/instance';
import { SigningBench } from './harness/signing-bench.ts';

let bench: SigningBench;

beforeAll(async () => {
  bench = await SigningBench.open();
}, 180_000);
afterAll(() => bench?.close(), 60_000);
beforeEach(() => bench.next());

const expectOk = ({ code, stderr }: Finished): void => expect([code, stderr]).toEqual([0, '']);

describe('attest and attest-blob', () => {
  const PREDICATES: readonly [string, unknown][] = [
    [
      'slsaprovenance1',
      {
        buildDefinition: { buildType: 'https://sigstead.test/build', externalParameters: {} },
        runDetails: { builder: { id: 'https://sigstead.test/builder' } },
      },
    ],
    [
      'slsaprovenance02',
      { builder: { id: 'https://sigstead.test' }, buildType: 'https://sigstead.test/build' },
    ],
    ['spdx', 'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n'],
    ['spdxjson', { spdxVersion: 'SPDX-2.3', name: 'x' }],
    ['cyclonedx', { bomFormat: 'CycloneDX', specVersion: '1.6' }],
    [
      'vuln',
      {
        scanner: { uri: 'https://sigstead.test/scanner', result: {} },
        metadata: { scanStartedOn: '2026-01-01T00:00:00Z', scanFinishedOn: '2026-01-01T00:01:00Z' },
      },
    ],
    [
      'openvex',
      {
        '@context': 'https://openvex.dev/ns/v0.2.0',
        '@id': 'https://sigstead.test/vex',
        author: 'sigstead',
        timestamp: '2026-01-01T00:00:00Z',
        version: 1,
        statements: [{ vulnerability: { name: 'CVE-2026-0001' }, status: 'fixed' }],
      },
    ],
    ['custom', 'anything at all'],
    ['https://sigstead.test/type/v1', { a: 1 }],
  ];

  it.each(PREDICATES)('say %s of an image and of a file', async (type, predicate) => {
    const { reference, digest: imageDigest } = await bench.image();
    const said = ['--type', type, '--predicate', await bench.write('predicate', predicate)];
    expectOk(await bench.sigstead(['attest', reference, ...said]));
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toEqual({
      sig: 0,
      att: 1,
      bundles: 1,
      verified: 2,
    });
    expectOk(await bench.sigstead(['attest-blob', bench.file, ...said, '--rekor-version', '2']));
    expect(await bench.judge.verifies(`${bench.file}.sigstore.json`, bench.digest, bench.somebody)).toBe(
      true,
    );
  });

  it('take a statement as it is, when it is about the artifact', async () => {
    const { reference, digest: imageDigest } = await bench.image();
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [imageDigest, bench.digest].map((one) => ({ name: 'x', digest: { sha256: one.slice(7) } })),
      predicateType: 'https://sigstead.test/type/v1',
      predicate: {},
    };
    const path = await bench.write('statement', statement);
    expectOk(await bench.sigstead(['attest', reference, '--statement', path]));
    expectOk(await bench.sigstead(['attest-blob', bench.file, '--statement', path]));
    expect((await bench.judge.beside(reference, imageDigest, bench.somebody)).verified).toBe(2);
    const other = await bench.write('other', {
      ...statement,
      subject: [{ digest: { sha256: '0'.repeat(64) } }],
    });
    const { code, stderr } = await bench.sigstead(['attest', reference, '--statement', other]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('step input: the statement is not about')]);
  });

  it('take the place of what was said before', async () => {
    const { reference, digest: imageDigest } = await bench.image();
    const said = ['--type', 'custom', '--predicate', await bench.write('predicate', 'x')];
    expectOk(await bench.sigstead(['sign', reference]));
    for (let times = 0; times < 2; times++) expectOk(await bench.sigstead(['attest', reference, ...said]));
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toMatchObject({
      sig: 1,
      att: 2,
      bundles: 3,
    });
    expectOk(await bench.sigstead(['attest', reference, ...said, '--replace']));
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toMatchObject({
      sig: 1,
      att: 1,
      bundles: 2,
    });
  });

  it.each<[string, string[], unknown, RegExp]>([
    [
      'a statement that is not in-toto',
      ['--statement'],
      { _type: 'no' },
      /step input: not an in-toto statement/,
    ],
    ['a statement that is not JSON', ['--statement'], '{', /step input: not an in-toto statement/],
    [
      'a predicate of another type',
      ['--type', 'cyclonedx', '--predicate'],
      { spdxVersion: 'SPDX-2.3' },
      /step input: predicate is not a https:\/\/cyclonedx.org\/bom: predicate.bomFormat/,
    ],
    ['a type that is none', ['--type', 'nonsense', '--predicate'], {}, /step input: predicate type is not/],
  ])('refuse %s, and nothing is written or logged', async (_name, option, content, reason) => {
    const { reference, digest: imageDigest } = await bench.image();
    const said = [...option, await bench.write('said', content)];
    const before = await bench.treeSize();
    const image = await bench.sigstead(['attest', reference, ...said]);
    const blob = await bench.sigstead(['attest-blob', bench.file, ...said]);
    expect([image.code, image.stderr]).toEqual([1, expect.stringMatching(reason)]);
    expect([blob.code, blob.stderr]).toEqual([1, expect.stringMatching(reason)]);
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toMatchObject({
      att: 0,
      bundles: 0,
    });
    expect([await bench.treeSize(), await bench.filesBeside()]).toEqual([before, []]);
  });
});

describe('copy, clean and generate', () => {
  it('take signatures along, and away', async () => {
    const { reference, digest: imageDigest } = await bench.image();
    expectOk(await bench.sigstead(['sign', reference]));
    const to = reference.replace('app/', 'mirror/');
    expectOk(await bench.sigstead(['copy', reference, to]));
    expect((await bench.judge.beside(to, imageDigest, bench.somebody)).verified).toBe(2);
    const other = await bench.image('other');
    const moved = await bench.sigstead(['copy', other.reference, to]);
    expect([moved.code, moved.stderr]).toEqual([1, expect.stringContaining('--force moves the tag')]);
    expectOk(await bench.sigstead(['sign', reference]));
    expectOk(await bench.sigstead(['copy', '--sig-only', reference, to]));
    expect((await bench.judge.beside(to, imageDigest, bench.somebody)).verified).toBe(4);
    expect((await bench.sigstead(['clean', to])).code).toBe(2);
    const cleaned = await bench.sigstead(['clean', to, '--type', 'signature', '--force']);
    expect([cleaned.code, cleaned.stderr]).toEqual([
      0,
      expect.stringContaining('2 bundles refer to the image'),
    ]);
    expectOk(await bench.sigstead(['clean', to, '-f']));
    expect(await bench.judge.beside(to, imageDigest, bench.somebody)).toEqual({
      sig: 0,
      att: 0,
      bundles: 0,
      verified: 0,
    });
  });

  it('prints the payload that is signed', async () => {
    const { reference, digest: imageDigest } = await bench.image();
    const { stdout } = await bench.sigstead(['generate', '-a', 'b=2', '-a', 'a=1', reference]);
    const name = reference.replace(':v1', '');
    expect(stdout).toBe(
      `{"critical":{"identity":{"docker-reference":"${name}"},"image":{"docker-manifest-digest":"${imageDigest}"},"type":"cosign container image signature"},"optional":{"a":"1","b":"2"}}`,
    );
  });
});
