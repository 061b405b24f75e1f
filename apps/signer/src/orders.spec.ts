import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseBundle } from '@sigstead/bundle';
import { decodeUtf8, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { CLAIMS, makeToken, NOW } from '@sigstead/signing/testonly/small-sigstore';
import {
  compilePolicy,
  evidenceFromLegacyAttestation,
  parseArtifactDigest,
  verifyBundle,
  verifySignature,
} from '@sigstead/verification';
import { TestSigner } from './testonly/test-signer.ts';

let signer: TestSigner;

beforeEach(async () => {
  signer = await TestSigner.create(fetch);
});
afterEach(() => signer.stop());

const policy = compilePolicy({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });
const verify = (bundle: JsonValue | undefined, digest: string) =>
  verifyBundle(
    parseBundle(JSON.stringify(bundle)),
    parseArtifactDigest(digest),
    signer.sigstore.trustedRoot,
    policy,
    NOW,
  ).verified;
const digestNo = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
const statement = (digest: string) => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'x', digest: { sha256: digest.slice(7) } }],
  predicateType: 'https://acme.example/checked/v1',
  predicate: { by: 'hand' },
});
const slsa = {
  buildDefinition: { buildType: 'https://acme.example/build', externalParameters: {} },
  runDetails: { builder: { id: 'https://acme.example/builder' } },
};
type Outcome = JsonObject & { artifact: number; signed: boolean; bundle: JsonValue; problem: JsonObject };
const outcomesOf = (answer: JsonObject) => answer['outcomes'] as Outcome[];
const certificates = () => signer.sigstore.seen.filter((path) => path === '/api/v2/signingCert').length;

describe('a list of artifacts', () => {
  it.each([1, 2])('of every kind is signed with one certificate on Rekor v%d', async (rekorVersion) => {
    const artifacts = [
      { image: signer.image() },
      { digest: digestNo(1), name: 'a.tar.gz' },
      { digest: digestNo(2) },
      { statement: statement(digestNo(3)) },
      { statement: statement(signer.digest), image: signer.image() },
      { predicateType: 'slsaprovenance1', predicate: slsa, image: signer.image() },
      { predicateType: 'slsaprovenance1', predicate: slsa, digest: digestNo(4), name: 'b.tar.gz' },
    ];
    const outcomes = outcomesOf(await signer.answer(signer.signMany(artifacts, { rekorVersion })));
    expect(outcomes.map(({ artifact, signed }) => [artifact, signed])).toEqual(
      artifacts.map((_, at) => [at, true]),
    );
    const digests = [
      signer.digest,
      digestNo(1),
      digestNo(2),
      digestNo(3),
      signer.digest,
      signer.digest,
      digestNo(4),
    ];
    expect(outcomes.map(({ digest }) => digest)).toEqual(digests);
    outcomes.forEach((outcome, at) => {
      const bundle =
        at === 0 ? ((outcome['referrer'] as JsonObject)['bundle'] ?? outcome.bundle) : outcome.bundle;
      expect([at, verify(bundle, digests[at] ?? '')]).toEqual([at, true]);
    });
    expect(outcomes[1]).toMatchObject({ name: 'a.tar.gz' });
    expect(outcomes[5]).toMatchObject({ predicateType: 'https://slsa.dev/provenance/v1' });
    expect(certificates()).toBe(1);
    expect(await signer.storedBundles()).toHaveLength(3);
    expect((await signer.storedAttestations()).length).toBe(rekorVersion === 1 ? 2 : 0);
  });

  it('has an outcome for each: what fails takes nothing else along', async () => {
    const artifacts = [
      { image: signer.image() },
      { image: signer.image(':absent') },
      { image: '10.0.0.1/app' },
      { statement: statement(digestNo(3)), image: signer.image() },
      { digest: digestNo(1) },
    ];
    const outcomes = outcomesOf(await signer.answer(signer.signMany(artifacts), 207));
    expect(outcomes.map(({ artifact, signed }) => [artifact, signed])).toEqual([
      [0, true],
      [1, false],
      [2, false],
      [3, false],
      [4, true],
    ]);
    expect(outcomes.map(({ problem }) => problem?.['type'])).toEqual([
      undefined,
      'urn:sigstead:problem:image-not-found',
      'urn:sigstead:problem:registry-refused',
      'urn:sigstead:problem:invalid-request',
      undefined,
    ]);
    expect(outcomes[3]?.problem['detail']).toContain('not about');
    expect(certificates()).toBe(1);
  });

  it('of which nothing can be resolved asks for no certificate', async () => {
    const artifacts = [{ image: signer.image(':absent') }, { image: signer.image(':gone') }];
    expect(outcomesOf(await signer.answer(signer.signMany(artifacts), 207))).toHaveLength(2);
    expect(signer.sigstore.seen).toEqual([]);
  });

  it('whose token is refused is refused as a whole', async () => {
    const identityToken = makeToken({ ...CLAIMS, iss: 'https://other.example' });
    const problem = await signer.problem(signer.signMany([{ digest: digestNo(1) }], { identityToken }), 400);
    expect(problem).toMatchObject({ step: 'certificate', field: 'identityToken' });
    expect(certificates()).toBe(1);
  });

  it('of two hundred digests is signed with one certificate', async () => {
    const artifacts = Array.from({ length: 200 }, (_, at) => ({ digest: digestNo(at + 1) }));
    const outcomes = outcomesOf(await signer.answer(signer.signMany(artifacts)));
    expect(outcomes.map(({ digest }) => digest)).toEqual(artifacts.map(({ digest }) => digest));
    expect(new Set(outcomes.map(({ certificate }) => (certificate as JsonObject)['pem'])).size).toBe(1);
    expect(certificates()).toBe(1);
  });

  it('that outlives its certificate goes on with another one', async () => {
    let logged = 0;
    signer.sigstore.faults = {
      logAnswer: ({ uuid, entry }) => {
        if (++logged === 20) signer.sigstore.now = new Date(NOW.getTime() + 580_000);
        return { [uuid]: entry };
      },
    };
    await signer.start({ limits: { maxSignatures: 1 } });
    const artifacts = Array.from({ length: 40 }, (_, at) => ({ digest: digestNo(at + 1) }));
    expect(outcomesOf(await signer.answer(signer.signMany(artifacts)))).toHaveLength(40);
    expect(certificates()).toBe(2);
  });

  it('takes what is said once for all of them, and each one its own word', async () => {
    const artifacts = [{ image: signer.image() }, { image: signer.image(), form: 'bundle', annotations: {} }];
    const more = { form: 'legacy', annotations: { build: '7' } };
    await signer.answer(signer.signMany(artifacts, more));
    const [signature] = await signer.storedSignatures();
    expect(decodeUtf8(signature?.payload ?? new Uint8Array())).toContain('"optional":{"build":"7"}');
    const [bundle] = await signer.storedBundles();
    expect(decodeUtf8((bundle as { bundle: Uint8Array }).bundle)).not.toContain('annotations');
  });

  it.each<[string, JsonValue, string]>([
    ['nothing', [], 'artifacts'],
    ['no list', {}, 'artifacts'],
    ['texts', ['x'], 'artifacts.0'],
    ['an artifact of no kind', [{ name: 'x' }], 'artifacts.0.image'],
    ['a digest that is none', [{ digest: 'sha256:12' }], 'artifacts.0.digest'],
    ['a digest with annotations', [{ digest: digestNo(1), annotations: {} }], 'artifacts.0.annotations'],
    [
      'a statement that is none',
      [{ digest: digestNo(1) }, { statement: { _type: 'x' } }],
      'artifacts.1.statement',
    ],
    ['a statement that is text', [{ statement: 'x' }], 'artifacts.0.statement'],
    ['a predicate about nothing', [{ predicateType: 'custom', predicate: {} }], 'artifacts.0.image'],
    [
      'a predicate about two things',
      [{ predicateType: 'custom', predicate: {}, image: 'r.io/a', digest: digestNo(1) }],
      'artifacts.0.image',
    ],
    ['no predicate', [{ predicateType: 'custom', image: 'r.io/a' }], 'artifacts.0.predicate'],
    ['a token of its own', [{ image: 'r.io/a', identityToken: 'x' }], 'artifacts.0.identityToken'],
  ])('of %s names the field', async (_name, artifacts, field) => {
    const problem = await signer.problem(
      signer.post('/api/v1/sign', { artifacts, identityToken: 'a.b.c' }),
      400,
    );
    expect(problem.field).toBe(field);
    expect(signer.sigstore.seen).toEqual([]);
  });

  it('of more than are taken at once is refused', async () => {
    await signer.start({ limits: { maxArtifacts: 3 } });
    const artifacts = Array.from({ length: 4 }, (_, at) => ({ digest: digestNo(at) }));
    expect((await signer.problem(signer.signMany(artifacts), 400)).field).toBe('artifacts');
  });
});

describe('an index', () => {
  it('is signed alone unless told', async () => {
    const { index, images } = signer.addIndex('multi', 3);
    expect((await signer.answer(signer.sign({ image: signer.image(':multi') })))['digest']).toBe(index);
    expect(await signer.storedSignatures(index)).toHaveLength(1);
    expect(await signer.storedSignatures(images[0])).toEqual([]);
  });

  it('is signed with all below it when asked to', async () => {
    const { index, images } = signer.addIndex('multi', 3);
    const answer = await signer.answer(signer.sign({ image: signer.image(':multi'), recursive: true }));
    expect(answer['digest']).toBe(index);
    expect((answer['children'] as JsonObject[]).map(({ digest }) => digest).sort()).toEqual(
      [...images].sort(),
    );
    for (const digest of [index, ...images]) {
      expect(await signer.storedSignatures(digest)).toHaveLength(1);
      expect(await signer.storedBundles(digest)).toHaveLength(1);
    }
    expect(certificates()).toBe(1);
  });

  it('fails as one when one below it fails; what is signed stays signed, and again is safe', async () => {
    const { index, images } = signer.addIndex('multi', 2);
    const tag = `sha256-${images[1]?.slice(7)}.sig`;
    signer.registry.intercept = (request, response) => {
      if (request.method !== 'PUT' || request.url?.includes(tag) !== true) return false;
      response.writeHead(500).end();
      return true;
    };
    const recursive = { image: signer.image(':multi'), recursive: true };
    expect((await signer.problem(signer.sign(recursive), 502)).step).toBe('push');
    expect(await signer.storedSignatures(index)).toHaveLength(1);
    signer.registry.intercept = () => false;
    await signer.answer(signer.sign(recursive));
    expect(await signer.storedSignatures(images[1])).toHaveLength(1);
  });

  it('with an image that is not there is refused before anything is signed', async () => {
    const { images } = signer.addIndex('multi', 2);
    signer.registry.manifests.delete(images[0] ?? '');
    const problem = await signer.problem(
      signer.sign({ image: signer.image(':multi'), recursive: true }),
      404,
    );
    expect(problem.step).toBe('resolve');
    expect(signer.sigstore.seen).toEqual([]);
  });
});

describe('POST /api/v1/attest', () => {
  const attest = (body: object, headers?: Record<string, string>) =>
    signer.post('/api/v1/attest', { identityToken: makeToken(), ...body }, headers);

  it('stores an attestation in both forms, which are one signature', async () => {
    const answer = await signer.answer(
      attest({ image: signer.image(), predicateType: 'slsaprovenance1', predicate: slsa }),
    );
    expect(answer).toMatchObject({
      digest: signer.digest,
      predicateType: 'https://slsa.dev/provenance/v1',
      attestationManifest: { tag: `sha256-${signer.digest.slice(7)}.att` },
      referrer: { listedBy: 'tag' },
    });
    expect(verify(answer['bundle'], signer.digest)).toBe(true);
    const [layer] = await signer.storedAttestations();
    if (layer === undefined || layer instanceof Error) throw new Error('no attestation');
    const evidence = evidenceFromLegacyAttestation(layer);
    const verdict = verifySignature(
      { source: 'layer', evidence },
      parseArtifactDigest(signer.digest),
      signer.sigstore.trustedRoot,
      policy,
      { now: NOW, requireInclusionProof: false },
    );
    expect(verdict).toMatchObject({ verified: true });
    expect(await signer.storedBundles()).toMatchObject([
      { annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' } },
    ]);
    expect(signer.sigstore.seen.filter((path) => path.includes('/log/'))).toHaveLength(1);
  });

  it('keeps all attestations of twenty callers at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        attest({ image: signer.image(), predicateType: 'https://acme.example/v1', predicate: { at } }),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(
      [await signer.storedAttestations(), await signer.storedBundles()].map((all) => all.length),
    ).toEqual([20, 20]);
  });

  it('signs a statement that comes as the body to the byte', async () => {
    const payload = encodeUtf8(`${JSON.stringify(statement(digestNo(5)), null, 1)}\n`);
    const answer = await signer.answer(
      signer.post('/api/v1/attest?rekorVersion=2', payload, {
        'content-type': 'application/vnd.in-toto+json',
        authorization: `Bearer ${makeToken()}`,
      }),
    );
    const { content } = parseBundle(JSON.stringify(answer['bundle']));
    expect(content.kind === 'dsse' && Buffer.from(content.payload).equals(payload)).toBe(true);
    expect(verify(answer['bundle'], digestNo(5))).toBe(true);
  });

  it.each<[string, object, string]>([
    ['an image alone', { image: 'r.io/a' }, 'predicateType'],
    ['a digest alone', { digest: digestNo(1) }, 'predicateType'],
    ['a predicate without type', { image: 'r.io/a', predicate: {} }, 'predicateType'],
    [
      'forms for a digest',
      { digest: digestNo(1), predicateType: 'custom', predicate: {}, form: 'both' },
      'form',
    ],
    ['a name for an image', { image: 'r.io/a', predicateType: 'custom', predicate: {}, name: 'x' }, 'name'],
  ])('refuses %s', async (_name, body, field) => {
    expect((await signer.problem(attest(body), 400)).field).toBe(field);
  });

  it('refuses a predicate that is not what its type says', async () => {
    const problem = await signer.problem(
      attest({ image: signer.image(), predicateType: 'cyclonedx', predicate: { bomFormat: 'SPDX' } }),
      400,
    );
    expect([problem.field, problem.detail]).toEqual(['predicate', expect.stringContaining('bomFormat')]);
    expect(signer.sigstore.seen).toEqual([]);
  });

  it('refuses a number that would be signed as another one', async () => {
    const body = `{"identityToken":"a.b.c","image":"${signer.image()}","predicateType":"https://acme.example/v1","predicate":{"n":12345678901234567890}}`;
    expect((await signer.problem(signer.post('/api/v1/attest', body), 400)).type).toContain('malformed-body');
  });

  it('refuses a statement too large to be stored beside an image before it is signed', async () => {
    const predicate = { text: 'x'.repeat(4_000_000) };
    const problem = await signer.problem(
      attest({ image: signer.image(), predicateType: 'https://acme.example/v1', predicate }),
      400,
    );
    expect(problem.detail).toContain('stored beside an image');
    expect(signer.sigstore.seen).toEqual([]);
  });

  it.each(['', '{}', '{"_type":"https://in-toto.io/Statement/v1"}', '[]'])(
    'refuses the statement %j',
    async (body) => {
      const headers = {
        'content-type': 'application/vnd.in-toto+json',
        authorization: `Bearer ${makeToken()}`,
      };
      expect((await signer.problem(signer.post('/api/v1/attest', body, headers), 400)).field).toBe('body');
    },
  );
});
