import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseBundle } from '@sigstead/bundle';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import {
  digestOf,
  OCI_MANIFEST,
  parseImageReference,
  readLegacySignatures,
  RegistryClient,
} from '@sigstead/oci';
import { createLog, type Service } from '@sigstead/server';
import { serializeTrustedRoot } from '@sigstead/trust';
import { createSigner, type SignerConfig } from './index.ts';
import { startMemoryRegistry, type MemoryRegistry } from '@sigstead/oci/testonly/memory-registry';
import { CLAIMS, makeToken, NOW, SmallSigstore } from '@sigstead/signing/testonly/small-sigstore';

interface Problem {
  readonly type: string;
  readonly detail: string;
  readonly step: string;
  readonly field?: string;
}

let sigstore: SmallSigstore;
let registry: MemoryRegistry;
let directory: string;
let services: Service[];
let url: string;
let logLines: string[];

const manifest = encodeUtf8(
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: {}, layers: [] }),
);
const digest = digestOf(manifest);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signer-'));
});
afterAll(() => rm(directory, { recursive: true }));

beforeEach(async () => {
  services = [];
  logLines = [];
  sigstore = await SmallSigstore.start();
  registry = await startMemoryRegistry();
  registry.manifests
    .set('v1', { mediaType: OCI_MANIFEST, bytes: manifest })
    .set(digest, { mediaType: OCI_MANIFEST, bytes: manifest });
  await writeFile(join(directory, 'trusted_root.json'), serializeTrustedRoot(sigstore.trustedRoot));
  url = await start();
});
afterEach(async () => {
  for (const service of services) await service.close();
  await sigstore.stop();
  await registry.close();
});

async function start(config: Partial<SignerConfig> = {}): Promise<string> {
  const service = await createSigner(
    {
      caUrl: sigstore.baseUrl,
      rekorUrl: sigstore.baseUrl,
      trustedRootFile: join(directory, 'trusted_root.json'),
      insecureRegistries: [registry.host],
      ...config,
    },
    { clock: () => NOW, fetch, log: createLog('signer', 'info', (line) => void logLines.push(line)) },
  );
  services.push(service);
  return service.listen(0, '127.0.0.1');
}

const image = (tag = ':v1') => `${registry.host}/acme/app${tag}`;
const send = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/v1/sign`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const sign = (more: object = {}) => send({ image: image(), identityToken: makeToken(), ...more });
const problemOf = async (response: Response, status: number): Promise<Problem> => {
  const text = await response.text();
  expect([response.status, text]).toEqual([status, text]);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(`${text}${logLines.join('')}`).not.toContain(makeToken());
  return JSON.parse(text) as Problem;
};
const stored = () =>
  readLegacySignatures(
    new RegistryClient({ fetch, timeoutMs: 20_000 }),
    parseImageReference(image()),
    digest,
  );

describe('POST /api/v1/sign', () => {
  it('signs, stores the signature and answers with the bundle', async () => {
    const response = await sign({ annotations: { build: '7' } });
    expect(response.status).toBe(200);
    const answer = (await response.json()) as Record<string, never> & {
      signatureManifest: { tag: string; digest: string };
    };
    expect(answer).toMatchObject({
      image: `${registry.host}/acme/app@${digest}`,
      digest,
      certificate: { identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss, notBefore: NOW.toISOString() },
      logIndex: 1001,
      integratedTime: NOW.getTime() / 1000 + 1,
      signatureManifest: { tag: `sha256-${digest.slice(7)}.sig` },
    });
    expect(parseBundle(JSON.stringify(answer['bundle'])).version).toBe('0.3');
    expect(digestOf(registry.manifests.get(answer.signatureManifest.tag)?.bytes ?? new Uint8Array())).toBe(
      answer.signatureManifest.digest,
    );
    const [signature] = await stored();
    expect(decodeUtf8(signature?.payload ?? new Uint8Array())).toBe(
      `{"critical":{"identity":{"docker-reference":"${registry.host}/acme/app"},"image":{"docker-manifest-digest":"${digest}"},` +
        '"type":"cosign container image signature"},"optional":{"build":"7"}}',
    );
  });

  it('takes the token as bearer, and the image by digest', async () => {
    const response = await send({ image: image(`@${digest}`) }, { authorization: `Bearer ${makeToken()}` });
    expect(response.status).toBe(200);
  });

  it('signs what was resolved, though the tag moves meanwhile', async () => {
    const moved = encodeUtf8(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: {}, layers: [], annotations: {} }),
    );
    sigstore.faults = {
      intercept: () => {
        registry.manifests.set('v1', { mediaType: OCI_MANIFEST, bytes: moved });
        return false;
      },
    };
    const answer = (await (await sign()).json()) as { digest: string };
    expect(answer.digest).toBe(digest);
    expect(registry.manifests.has(`sha256-${digestOf(moved).slice(7)}.sig`)).toBe(false);
  });

  it('keeps all signatures of twenty callers at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => sign()));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await stored()).toHaveLength(20);
  });

  it('writes no token into its log', async () => {
    await (await sign()).text();
    await (await sign({ identityToken: makeToken({ iss: 'other', sub: 'x' }) })).text();
    expect(logLines.join('')).toContain('/api/v1/sign');
    expect(logLines.join('')).not.toMatch(/eyJ/);
  });
});

describe('bad input', () => {
  it.each([
    ['no JSON', 'nonsense', 'malformed-body', undefined],
    ['no body', '', 'malformed-body', undefined],
    ['a list', [], 'invalid-request', 'body'],
    ['no image', { identityToken: 'a.b.c' }, 'invalid-request', 'image'],
    ['an image that is a number', { image: 7 }, 'invalid-request', 'image'],
    ['an image that is none', { image: 'r.io/UPPER', identityToken: 'a.b.c' }, 'invalid-request', 'image'],
    ['a short digest', { image: 'r.io/a@sha256:12', identityToken: 'a.b.c' }, 'invalid-request', 'image'],
    ['an unknown field', { image: 'r.io/a', recursive: true }, 'invalid-request', 'recursive'],
    [
      'annotations that are no texts',
      { image: 'r.io/a', annotations: { a: 1 } },
      'invalid-request',
      'annotations.a',
    ],
    ['an empty token', { image: 'r.io/a', identityToken: '' }, 'invalid-request', 'identityToken'],
  ])('with %s names the field', async (_name, body, type, field) => {
    const problem = await problemOf(await send(body), 400);
    expect([problem.type, problem.field, problem.step]).toEqual([
      `urn:sigstead:problem:${type}`,
      field,
      'input',
    ]);
    expect(sigstore.seen).toEqual([]);
  });

  it('without a token is a 401 that says how to give one', async () => {
    const response = await send({ image: image() });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect((await problemOf(response, 401)).type).toContain('identity-token-missing');
  });

  it.each(['Basic abc', 'Bearer', 'Bearer a b', 'x'])(
    'with Authorization %j is refused',
    async (authorization) => {
      expect((await problemOf(await send({ image: image() }, { authorization }), 400)).field).toBe(
        'authorization',
      );
    },
  );

  it('with two different tokens is refused', async () => {
    const response = await send(
      { image: image(), identityToken: makeToken() },
      { authorization: 'Bearer a.b.c' },
    );
    expect((await problemOf(response, 400)).field).toBe('identityToken');
  });

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

  it('beyond 64 KiB is refused', async () => {
    await problemOf(await sign({ annotations: { a: 'x'.repeat(70_000) } }), 413);
  });

  it('of another media type or method is refused', async () => {
    await problemOf(await send({ image: image() }, { 'content-type': 'text/plain' }), 415);
    await problemOf(await fetch(`${url}/api/v1/sign`), 405);
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
    expect(sigstore.seen).toEqual(['/api/v2/signingCert']);
    expect(registry.seen.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('a registry', () => {
  it('without the image is a 404', async () => {
    const problem = await problemOf(await send({ image: image(':v2'), identityToken: makeToken() }), 404);
    expect(problem).toMatchObject({ type: 'urn:sigstead:problem:image-not-found', step: 'resolve' });
    expect(sigstore.seen).toEqual([]);
  });

  it('that is down is a 503', async () => {
    await registry.close();
    expect((await problemOf(await sign(), 503)).step).toBe('resolve');
  });

  it('that is slow is a 504', async () => {
    url = await start({ registryTimeoutMs: 50 });
    registry.intercept = () => true;
    expect((await problemOf(await sign(), 504)).step).toBe('resolve');
  });

  it('that lies about digests is a 502', async () => {
    registry.intercept = (_request, response) => {
      response
        .writeHead(200, { 'content-type': OCI_MANIFEST, 'docker-content-digest': `sha256:${'0'.repeat(64)}` })
        .end(manifest);
      return true;
    };
    expect((await problemOf(await sign(), 502)).type).toContain('registry-digest-mismatch');
  });

  it('that wants credentials is a 403', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      return true;
    };
    expect((await problemOf(await sign(), 403)).type).toContain('registry-unauthorized');
  });

  it('that takes no push is a 502 of step push and keeps no signature', async () => {
    registry.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(404).end();
      return true;
    };
    expect((await problemOf(await sign(), 502)).step).toBe('push');
    registry.intercept = () => false;
    expect(await stored()).toEqual([]);
  });

  it.each([
    '127.0.0.1:1/app',
    'localhost:1/app',
    '[::1]:1/app',
    '10.0.0.1/app',
    '169.254.169.254/app',
    '192.168.0.1:5000/app',
  ])('at %s is refused, since it is private and nobody named it', async (address) => {
    expect(await problemOf(await send({ image: address, identityToken: makeToken() }), 403)).toMatchObject({
      type: 'urn:sigstead:problem:registry-refused',
      step: 'resolve',
    });
  });

  it('that redirects to a private address is refused', async () => {
    const inside = await startMemoryRegistry();
    registry.intercept = (_request, response) => {
      response.writeHead(307, { location: `http://${inside.host}/` }).end();
      return true;
    };
    await problemOf(await sign(), 403);
    expect(inside.seen).toEqual([]);
    await inside.close();
  });

  it('that is not on the list is refused', async () => {
    url = await start({ allowedRegistries: ['ghcr.io/acme'] });
    expect(
      (await problemOf(await send({ image: 'docker.io/acme/app', identityToken: makeToken() }), 403)).detail,
    ).toContain('not on the list');
    expect((await sign()).status).toBe(200);
  });
});

describe('an authority or log', () => {
  const only = (path: string, status: number | undefined) => {
    sigstore.faults = {
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
    ['log/entries', 400, 502, 'log'],
    ['log/entries', 500, 502, 'log'],
  ])('that answers %s with %d is a %d of its step', async (path, status, expected, step) => {
    only(path, status);
    const problem = await problemOf(await sign(), expected);
    expect(problem.step).toBe(step);
    expect(problem.detail).not.toContain('127.0.0.1');
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['signingCert', 'certificate'],
    ['log/entries', 'log'],
  ])('that is slow at %s is a 504', async (path, step) => {
    url = await start({ caTimeoutMs: 50, rekorTimeoutMs: 50 });
    only(path, undefined);
    expect((await problemOf(await sign(), 504)).step).toBe(step);
  });

  it('that is down is a 503', async () => {
    url = await start({ caUrl: 'http://127.0.0.1:1' });
    expect((await problemOf(await sign(), 503)).step).toBe('certificate');
  });

  it('that gives what does not verify is a 502, and nothing is pushed', async () => {
    sigstore.faults = { logAnswer: ({ uuid, entry }) => ({ [uuid]: { ...entry, logIndex: 3 } }) };
    const problem = await problemOf(await sign(), 502);
    expect(problem).toMatchObject({ step: 'log', type: 'urn:sigstead:problem:invalid-answer' });
    expect(await stored()).toEqual([]);
  });
});

describe('the service', () => {
  it('is ready with a trusted root that is valid now, and says why when not', async () => {
    expect(((await (await fetch(`${url}/readyz`)).json()) as { ready: boolean }).ready).toBe(true);
    const root = { ...sigstore.trustedRoot, ctlogs: [] };
    await writeFile(join(directory, 'trusted_root.json'), serializeTrustedRoot(root));
    const response = await fetch(`${await start()}/readyz`);
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining('no certificate transparency log'),
    ]);
  });

  it('does not start without a trusted root', async () => {
    await expect(start({ trustedRootFile: join(directory, 'absent.json') })).rejects.toMatchObject({
      name: 'ConfigError',
    });
    await writeFile(join(directory, 'broken.json'), '{');
    await expect(start({ trustedRootFile: join(directory, 'broken.json') })).rejects.toMatchObject({
      name: 'ConfigError',
    });
  });
});
