import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseBundle } from '@sigstead/bundle';
import { decodeUtf8, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { digestOf, OCI_MANIFEST } from '@sigstead/oci';
import { startMemoryRegistry } from '@sigstead/oci/testonly/memory-registry';
import { CLAIMS, makeToken, NOW } from '@sigstead/signing/testonly/small-sigstore';
import { compilePolicy, parseArtifactDigest, verifyBundle } from '@sigstead/verification';
import { TestSigner, type Problem } from './testonly/test-signer.ts';

let signer: TestSigner;

beforeEach(async () => {
  signer = await TestSigner.create(fetch);
});
afterEach(() => signer.stop());

const send = (body: unknown, headers?: Record<string, string>) => signer.post('/api/v1/sign', body, headers);
const sign = (more?: object) => signer.sign(more);
const problemOf = (response: Response, status: number): Promise<Problem> => signer.problem(response, status);
const policy = compilePolicy({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });
const verify = (bundle: JsonValue | undefined, digest = signer.digest) =>
  verifyBundle(
    parseBundle(JSON.stringify(bundle)),
    parseArtifactDigest(digest),
    signer.sigstore.trustedRoot,
    policy,
    NOW,
  ).verified;

describe('POST /api/v1/sign', () => {
  it('signs in both forms on Rekor v1, stores them and answers with their bundles', async () => {
    const answer = (await signer.answer(sign({ annotations: { build: '7' } }))) as Record<string, never> & {
      signatureManifest: { tag: string; digest: string };
      referrer: { digest: string; bundle: JsonValue };
    };
    expect(answer).toMatchObject({
      image: `${signer.registry.host}/acme/app@${signer.digest}`,
      digest: signer.digest,
      certificate: { identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss, notBefore: NOW.toISOString() },
      logIndex: 1001,
      integratedTime: NOW.getTime() / 1000 + 1,
      signatureManifest: { tag: `sha256-${signer.digest.slice(7)}.sig` },
      referrer: { listedBy: 'tag', logIndex: 1001 },
    });
    expect(parseBundle(JSON.stringify(answer['bundle'])).version).toBe('0.3');
    expect(verify(answer.referrer.bundle)).toBe(true);
    const { manifests } = signer.registry;
    expect(digestOf(manifests.get(answer.signatureManifest.tag)?.bytes ?? new Uint8Array())).toBe(
      answer.signatureManifest.digest,
    );
    const [signature] = await signer.storedSignatures();
    expect(decodeUtf8(signature?.payload ?? new Uint8Array())).toBe(
      `{"critical":{"identity":{"docker-reference":"${signer.registry.host}/acme/app"},"image":{"docker-manifest-digest":"${signer.digest}"},` +
        '"type":"cosign container image signature"},"optional":{"build":"7"}}',
    );
    expect(await signer.storedBundles()).toMatchObject([{ source: answer.referrer.digest }]);
  });

  it('signs with a bundle on Rekor v2', async () => {
    const answer = await signer.answer(sign({ rekorVersion: 2 }));
    expect(answer).toMatchObject({ logIndex: 1, referrer: { listedBy: 'tag' } });
    expect(answer).not.toHaveProperty('signatureManifest');
    expect(answer).not.toHaveProperty('integratedTime');
    expect(verify(answer['bundle'])).toBe(true);
    expect([await signer.storedSignatures(), (await signer.storedBundles()).length]).toEqual([[], 1]);
  });

  it.each([
    ['legacy', 1, 0],
    ['bundle', 0, 1],
    ['both', 1, 1],
  ])('stores form %s as it was asked for', async (form, signatures, bundles) => {
    await signer.answer(sign({ form }));
    expect((await signer.storedSignatures()).length).toBe(signatures);
    expect((await signer.storedBundles()).length).toBe(bundles);
  });

  it('leaves the list of referrers to a registry that keeps one', async () => {
    signer.registry.hasReferrers = true;
    expect(await signer.answer(sign())).toMatchObject({ referrer: { listedBy: 'api' } });
    expect(await signer.storedBundles()).toHaveLength(1);
  });

  it('takes the token as bearer, and the image by digest', async () => {
    const response = send(
      { image: signer.image(`@${signer.digest}`) },
      { authorization: `Bearer ${makeToken()}` },
    );
    expect((await response).status).toBe(200);
  });

  it('signs what was resolved, though the tag moves meanwhile', async () => {
    const { digest } = signer;
    let moved = '';
    signer.sigstore.faults = {
      intercept: () => {
        moved = signer.addImage('v1', { config: {}, layers: [], annotations: {} });
        return false;
      },
    };
    expect((await signer.answer(sign()))['digest']).toBe(digest);
    expect(moved).not.toBe(digest);
    expect(await signer.storedSignatures(moved)).toEqual([]);
    expect(await signer.storedBundles(moved)).toEqual([]);
  });

  it.each([
    ['an index under a tag', false],
    ['the referrers API', true],
  ])('keeps all signatures of twenty callers at once, with %s', async (_name, hasReferrers) => {
    signer.registry.hasReferrers = hasReferrers;
    const answers = await Promise.all(Array.from({ length: 20 }, () => sign()));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await signer.storedSignatures()).toHaveLength(20);
    expect(await signer.storedBundles()).toHaveLength(20);
  });

  it('asks the registry with the credentials of the request, and leaves none behind', async () => {
    const { registry } = signer;
    registry.intercept = (request, response) => {
      if (request.headers.authorization === `Basic ${Buffer.from('robot:s3cret').toString('base64')}`)
        return false;
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      return true;
    };
    const credentials = { username: 'robot', password: 's3cret' };
    await signer.answer(sign({ registryAuth: { [registry.host]: credentials } }));
    const header = Buffer.from(JSON.stringify({ ...credentials, serveraddress: registry.host })).toString(
      'base64url',
    );
    await signer.answer(signer.sign({}, { 'x-registry-auth': header }));
    // The next caller has none.
    expect((await problemOf(await sign(), 403)).type).toContain('registry-unauthorized');
    expect(signer.logLines.join('')).not.toMatch(/s3cret|cm9ib3Q6/);
  });

  it('has credentials of its own for whoever brings none', async () => {
    const { registry } = signer;
    const auth = Buffer.from('service:s3cret').toString('base64');
    registry.intercept = (request, response) => {
      if (request.headers.authorization === `Basic ${auth}`) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      return true;
    };
    const config = JSON.stringify({ auths: { [registry.host]: { auth } } });
    await signer.start({ dockerConfigFile: await signer.write('config.json', config) });
    await signer.answer(sign());
    expect(signer.logLines.join('')).not.toContain(auth);
    const broken = await signer.write('broken.json', '{');
    await signer.start({ dockerConfigFile: broken });
    expect((await problemOf(await sign(), 403)).detail).not.toContain(broken);
    expect(signer.logLines.join('')).toContain('cannot be used');
  });

  it('gives credentials to no other registry than theirs', async () => {
    signer.registry.intercept = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      return true;
    };
    const registryAuth = { 'other.example': { username: 'robot', password: 's3cret' } };
    expect((await problemOf(await sign({ registryAuth }), 403)).step).toBe('resolve');
    expect(signer.registry.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('writes no token into its log', async () => {
    await (await sign()).text();
    await (await sign({ identityToken: makeToken({ iss: 'other', sub: 'x' }) })).text();
    expect(signer.logLines.join('')).toContain('/api/v1/sign');
    expect(signer.logLines.join('')).not.toMatch(/eyJ/);
  });
});

describe('bad input', () => {
  it.each([
    ['no JSON', 'nonsense', 'malformed-body', undefined],
    ['no body', '', 'malformed-body', undefined],
    ['a member given twice', '{"image":"r.io/a","image":"r.io/b"}', 'malformed-body', undefined],
    ['a list', [], 'invalid-request', 'body'],
    ['no image', { identityToken: 'a.b.c' }, 'invalid-request', 'image'],
    ['an image that is a number', { image: 7 }, 'invalid-request', 'image'],
    ['an image that is none', { image: 'r.io/UPPER', identityToken: 'a.b.c' }, 'invalid-request', 'image'],
    ['a short digest', { image: 'r.io/a@sha256:12', identityToken: 'a.b.c' }, 'invalid-request', 'image'],
    ['an unknown field', { image: 'r.io/a', push: true }, 'invalid-request', 'push'],
    ['an unknown form', { image: 'r.io/a', form: 'all' }, 'invalid-request', 'form'],
    ['an unknown log', { image: 'r.io/a', rekorVersion: 3 }, 'invalid-request', 'rekorVersion'],
    [
      'annotations that are no texts',
      { image: 'r.io/a', annotations: { a: 1 } },
      'invalid-request',
      'annotations.a',
    ],
    ['an empty token', { image: 'r.io/a', identityToken: '' }, 'invalid-request', 'identityToken'],
    [
      'credentials without password',
      { image: 'r.io/a', registryAuth: { 'r.io': { username: 'x' } } },
      'invalid-request',
      'registryAuth.r.io.password',
    ],
  ])('with %s names the field', async (_name, body, type, field) => {
    const problem = await problemOf(await send(body), 400);
    expect([problem.type, problem.field, problem.step]).toEqual([
      `urn:sigstead:problem:${type}`,
      field,
      'input',
    ]);
    expect(signer.sigstore.seen).toEqual([]);
  });

  it('without a token is a 401 that says how to give one', async () => {
    const response = await send({ image: signer.image() });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect((await problemOf(response, 401)).type).toContain('identity-token-missing');
  });

  it.each(['Basic abc', 'Bearer', 'Bearer a b', 'x'])(
    'with Authorization %j is refused',
    async (authorization) => {
      expect((await problemOf(await send({ image: signer.image() }, { authorization }), 400)).field).toBe(
        'authorization',
      );
    },
  );

  it('with two different tokens is refused', async () => {
    const response = await send(
      { image: signer.image(), identityToken: makeToken() },
      { authorization: 'Bearer a.b.c' },
    );
    expect((await problemOf(response, 400)).field).toBe('identityToken');
  });

  it.each(['garbage', '!', 'e30', Buffer.from('{"username":"x"}').toString('base64')])(
    'with X-Registry-Auth %j is refused',
    async (header) => {
      const problem = await problemOf(await signer.sign({}, { 'x-registry-auth': header }), 400);
      expect(problem.field).toMatch(/^x-registry-auth/);
    },
  );

  it('with a token that is none is refused after the image was found', async () => {
    const problem = await problemOf(await sign({ identityToken: 'garbage' }), 400);
    expect([problem.field, problem.step]).toEqual(['identityToken', 'input']);
  });

  it('with an annotation called __proto__ is refused, not passed over', async () => {
    const annotations = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    expect((await problemOf(await sign({ annotations }), 400)).field).toBe('annotations.__proto__');
  });

  it('with annotations that cannot be signed is refused', async () => {
    expect((await problemOf(await sign({ annotations: { '': 'x' } }), 400)).field).toBe('annotations');
  });

  it('with a form that the log cannot serve is refused before anything is asked for', async () => {
    const problem = await problemOf(await sign({ rekorVersion: 2, form: 'both' }), 400);
    expect([problem.field, problem.detail]).toEqual(['form', expect.stringContaining('Rekor v1')]);
    expect(signer.sigstore.seen).toEqual([]);
  });

  it('with an idempotency key is refused where nothing is recorded', async () => {
    const response = await signer.sign({}, { 'idempotency-key': 'once' });
    expect((await problemOf(response, 400)).type).toContain('idempotency-unavailable');
  });

  it('beyond the limit is refused', async () => {
    await signer.start({ limits: { maxRequestBytes: 65_536 } });
    await problemOf(await sign({ annotations: { a: 'x'.repeat(70_000) } }), 413);
  });

  it('of another media type or method is refused', async () => {
    await problemOf(await send({ image: signer.image() }, { 'content-type': 'text/plain' }), 415);
    await problemOf(await fetch(`${signer.url}/api/v1/sign`), 405);
  });
});

describe('a token the authority refuses', () => {
  it("is a 400 with the authority's reason, and nothing is logged or pushed", async () => {
    const problem = await problemOf(
      await sign({ identityToken: makeToken({ ...CLAIMS, iss: 'https://other.example' }) }),
      400,
    );
    expect(problem).toMatchObject({ step: 'certificate', field: 'identityToken' });
    expect(problem.detail).toContain('There was an error processing the identity token');
    expect(signer.sigstore.seen).toEqual(['/api/v2/signingCert']);
    expect(signer.registry.seen.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('a registry', () => {
  it('without the image is a 404', async () => {
    const problem = await problemOf(await sign({ image: signer.image(':v2') }), 404);
    expect(problem).toMatchObject({ type: 'urn:sigstead:problem:image-not-found', step: 'resolve' });
    expect(signer.sigstore.seen).toEqual([]);
  });

  it('that is down is a 503', async () => {
    await signer.registry.close();
    expect((await problemOf(await sign(), 503)).step).toBe('resolve');
  });

  it('that is slow is a 504', async () => {
    await signer.start({ limits: { registryTimeoutMs: 50 } });
    signer.registry.intercept = () => true;
    expect((await problemOf(await sign(), 504)).step).toBe('resolve');
  });

  it('that lies about digests is a 502', async () => {
    signer.registry.intercept = (_request, response) => {
      response
        .writeHead(200, { 'content-type': OCI_MANIFEST, 'docker-content-digest': `sha256:${'0'.repeat(64)}` })
        .end(signer.registry.manifests.get('v1')?.bytes);
      return true;
    };
    expect((await problemOf(await sign(), 502)).type).toContain('registry-digest-mismatch');
  });

  it('that gives another manifest than the digest asked for is a 502', async () => {
    signer.registry.intercept = (_request, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(encodeUtf8('{"schemaVersion":2}'));
      return true;
    };
    expect((await problemOf(await sign({ image: signer.image(`@${signer.digest}`) }), 502)).step).toBe(
      'resolve',
    );
    expect(signer.sigstore.seen).toEqual([]);
  });

  it('that sends without end is a 502', async () => {
    signer.registry.intercept = (_request, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST });
      const pump = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
      };
      response.on('drain', pump);
      pump();
      return true;
    };
    expect((await problemOf(await sign(), 502)).type).toContain('registry-too-large');
  });

  it('that wants credentials is a 403', async () => {
    signer.registry.intercept = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      return true;
    };
    expect((await problemOf(await sign(), 403)).type).toContain('registry-unauthorized');
  });

  it('that takes no push is a 502 of step push and keeps no signature', async () => {
    signer.registry.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(404).end();
      return true;
    };
    expect((await problemOf(await sign(), 502)).step).toBe('push');
    signer.registry.intercept = () => false;
    expect(await signer.storedSignatures()).toEqual([]);
    expect(await signer.storedBundles()).toEqual([]);
  });

  it('that takes blobs and no manifest keeps no signature either', async () => {
    signer.registry.intercept = (request, response) => {
      if (request.method !== 'PUT' || request.url?.includes('/manifests/') !== true) return false;
      response.writeHead(500).end();
      return true;
    };
    expect((await problemOf(await sign(), 502)).step).toBe('push');
    signer.registry.intercept = () => false;
    expect(await signer.storedSignatures()).toEqual([]);
    expect(await signer.storedBundles()).toEqual([]);
  });

  it.each([
    '127.0.0.1:1/app',
    'localhost:1/app',
    '[::1]:1/app',
    '10.0.0.1/app',
    '169.254.169.254/app',
    '192.168.0.1:5000/app',
  ])('at %s is refused, since it is private and nobody named it', async (address) => {
    expect(await problemOf(await sign({ image: address }), 403)).toMatchObject({
      type: 'urn:sigstead:problem:registry-refused',
      step: 'resolve',
    });
  });

  it('that redirects to a private address is refused', async () => {
    const inside = await startMemoryRegistry();
    signer.registry.intercept = (_request, response) => {
      response.writeHead(307, { location: `http://${inside.host}/` }).end();
      return true;
    };
    await problemOf(await sign(), 403);
    expect(inside.seen).toEqual([]);
    await inside.close();
  });

  it('that is not on the list is refused', async () => {
    await signer.start({ allowedRegistries: ['ghcr.io/acme'] });
    expect((await problemOf(await sign({ image: 'docker.io/acme/app' }), 403)).detail).toContain(
      'not on the list',
    );
    expect((await sign()).status).toBe(200);
  });
});

describe('an authority or log', () => {
  const only = (path: string, status: number | undefined) => {
    signer.sigstore.faults = {
      intercept: (request, response) => {
        if (request.url?.includes(path) !== true) return false;
        if (status !== undefined) response.writeHead(status).end('{"message":"internal secret"}');
        return true;
      },
    };
  };

  it.each([
    ['signingCert', 500, 502, 'certificate'],
    ['signingCert', 503, 503, 'certificate'],
    ['signingCert', 429, 503, 'certificate'],
    ['timestamp', 500, 502, 'timestamp'],
    ['log/entries', 400, 502, 'log'],
    ['log/entries', 500, 502, 'log'],
  ])('that answers %s with %d is a %d of its step', async (path, status, expected, step) => {
    only(path, status);
    const problem = await problemOf(await sign(), expected);
    expect(problem.step).toBe(step);
    expect(problem.detail).not.toContain('127.0.0.1');
    expect(await signer.storedSignatures()).toEqual([]);
    expect(await signer.storedBundles()).toEqual([]);
  });

  it.each([
    ['signingCert', 'certificate', { caTimeoutMs: 50 }],
    ['timestamp', 'timestamp', { tsaTimeoutMs: 50 }],
    ['log/entries', 'log', { rekorTimeoutMs: 50 }],
  ])('that is slow at %s is a 504', async (path, step, limits) => {
    await signer.start({ limits });
    only(path, undefined);
    expect((await problemOf(await sign(), 504)).step).toBe(step);
  });

  it('that is down is a 503', async () => {
    await signer.start({ services: { caUrl: 'http://127.0.0.1:1', rekorUrl: 'http://127.0.0.1:1' } });
    expect((await problemOf(await sign(), 503)).step).toBe('certificate');
  });

  it('that gives what does not verify is a 502, and nothing is pushed', async () => {
    signer.sigstore.faults = { logAnswer: ({ uuid, entry }) => ({ [uuid]: { ...entry, logIndex: 3 } }) };
    const problem = await problemOf(await sign(), 502);
    expect(problem).toMatchObject({ step: 'log', type: 'urn:sigstead:problem:invalid-answer' });
    expect(await signer.storedSignatures()).toEqual([]);
    expect(await signer.storedBundles()).toEqual([]);
  });
});

describe('the service', () => {
  it('is ready with a trusted root that is valid now, and says why when not', async () => {
    const readiness = () => fetch(`${signer.url}/readyz`);
    expect(((await (await readiness()).json()) as { ready: boolean }).ready).toBe(true);
    await signer.writeTrustedRoot({ ...signer.sigstore.trustedRoot, ctlogs: [] });
    await signer.start();
    const response = await readiness();
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining('no certificate transparency log'),
    ]);
  });

  it('does not start without a trusted root', async () => {
    const absent = join(signer.trustedRootFile, '../absent.json');
    await expect(signer.start({ trustedRootFile: absent })).rejects.toMatchObject({ name: 'ConfigError' });
    const broken = await signer.write('broken.json', '{');
    await expect(signer.start({ trustedRootFile: broken })).rejects.toMatchObject({ name: 'ConfigError' });
  });

  it('says which logs it has when asked for another', async () => {
    await signer.start({ services: { caUrl: signer.sigstore.baseUrl, rekorUrl: signer.sigstore.baseUrl } });
    const problem = await problemOf(await sign({ rekorVersion: 2 }), 400);
    expect([problem.field, problem.detail]).toEqual([
      'rekorVersion',
      'there is no Rekor v2 log here, only v1',
    ]);
  });

  it('counts what it does', async () => {
    await sign();
    await sign({ image: signer.image(':absent') });
    const metrics = await (await fetch(`${signer.url}/metrics`)).text();
    expect(metrics).toContain('sigstead_signer_artifacts_total{route="sign",outcome="signed",step=""} 1');
    expect(metrics).toContain(
      'sigstead_signer_artifacts_total{route="sign",outcome="failed",step="resolve"} 1',
    );
    expect(metrics).toMatch(/sigstead_signer_step_seconds_count\{step="push"\} 1/);
  });
});
