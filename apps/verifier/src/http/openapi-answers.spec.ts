import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { MAX_REVIEW_BYTES } from '../admission/admission-review.ts';
import { admissionReview, pod } from '../testonly/admission-review.ts';
import { policyDocument, TOKEN } from '../testonly/policy-client.ts';
import { TestDatabase } from '../testonly/test-database.ts';
import { DEAD_REGISTRY, POLICY, VerifierStage } from '../testonly/verifier-stage.ts';
import { openApiDocument } from './openapi.ts';

const BLOB = new TextEncoder().encode('a release archive');
const OTHER_DIGEST = `sha256:${'0'.repeat(64)}`;

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>
  >;
}

describe('answers', () => {
  const stage = new VerifierStage();
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true, binary: true } });
  let database: TestDatabase;
  let url: string;
  let bare: string;
  let image: string;
  let bundle: object;
  beforeAll(async () => {
    [database] = await Promise.all([TestDatabase.start(), stage.start()]);
    const policyAdminTokenFile = await stage.file('tokens', `${TOKEN}\n`);
    url = await stage.verifier({ databaseUrl: database.serviceUrl, policyAdminTokenFile });
    bare = await stage.verifier();
    image = await stage.signedImage('described');
    bundle = JSON.parse(await stage.sigstore.signBlob(BLOB)) as object;
  }, 60_000);
  afterAll(async () => {
    await stage.close();
    await database?.stop();
  });

  /** Asks, and has the answer be one that the document has, to the letter of its schema. */
  async function ask(
    method: string,
    path: string,
    init: { body?: unknown; headers?: Record<string, string>; at?: string } = {},
  ): Promise<number> {
    const { body, headers = {}, at = url } = init;
    const isRaw = body === undefined || typeof body === 'string' || body instanceof FormData;
    const response = await fetch(`${at}${path}`, {
      method,
      headers: {
        ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
    });
    const { status } = response;
    const text = await response.text();
    const described = operationOf(method, path).responses[status];
    if (described === undefined)
      throw new Error(`${method} ${path}: ${status} is not in the document: ${text}`);
    if (described.content === undefined) return status;
    const mediaType = response.headers.get('content-type')?.split(';')[0] ?? '';
    const schema = described.content[mediaType]?.schema;
    if (schema === undefined) throw new Error(`${method} ${path}: ${status} is no ${mediaType}`);
    const value: unknown = mediaType.endsWith('json') ? JSON.parse(text) : text;
    const validate = ajv.compile({ ...schema, components: openApiDocument.components });
    if (!validate(value)) throw new Error(`${method} ${path}: ${ajv.errorsText(validate.errors)}: ${text}`);
    return status;
  }

  function operationOf(method: string, path: string): Operation {
    const [bare = ''] = path.split('?');
    const [, methods] =
      Object.entries(openApiDocument.paths).find(([name]) => name === bare) ??
      Object.entries(openApiDocument.paths).find(([name]) =>
        new RegExp(`^${name.replace(/\{\w+\}/g, '[^/]+')}$`).test(bare),
      ) ??
      [];
    return (methods as Record<string, Operation> | undefined)?.[method.toLowerCase()] ?? { responses: {} };
  }

  const admin = { authorization: `Bearer ${TOKEN}` };
  const wrongType = { body: '{}', headers: { 'content-type': 'text/plain' } };
  const huge = (bytes: number): { body: string } => ({ body: ' '.repeat(bytes + 1) });

  it('about an image and an artifact are those of the document, and so are refusals', async () => {
    const verify = (body: unknown, more: object = {}): Promise<number> =>
      ask('POST', '/api/v1/verify', { body, ...more });
    const artifact = { digest: OTHER_DIGEST, bundle, policy: POLICY };
    expect(await verify({ image, policy: POLICY })).toBe(200);
    expect(await verify({ image, policy: POLICY }, { headers: { accept: 'text/plain' } })).toBe(200);
    expect(await verify(artifact)).toBe(200);
    expect(await verify({})).toBe(400);
    expect(await verify({ image: 'quay.invalid/a', policy: POLICY })).toBe(502);
    expect(await verify({ image: `${image}-gone`, policy: POLICY })).toBe(404);
    expect(await verify({ image: `${DEAD_REGISTRY}/a/b`, policy: POLICY })).toBe(502);
    expect(await verify({ image, policyName: 'nowhere' })).toBe(404);
    expect(await verify({ image, policyName: 'nowhere' }, { at: bare })).toBe(501);
    expect(await ask('POST', '/api/v1/verify', wrongType)).toBe(415);
    expect(await ask('POST', '/api/v1/verify', huge(6 * 1024 * 1024))).toBe(413);
  });

  it('to many requests are', async () => {
    const requests = [{ image, policy: POLICY }, { digest: OTHER_DIGEST, bundle, policy: POLICY }, {}, null];
    expect(await ask('POST', '/api/v1/verify/batch', { body: { requests } })).toBe(200);
    expect(await ask('POST', '/api/v1/verify/batch', { body: { requests: [] } })).toBe(400);
    expect(await ask('POST', '/api/v1/verify/batch', wrongType)).toBe(415);
    expect(await ask('POST', '/api/v1/verify/batch', huge(32 * 1024 * 1024))).toBe(413);
  });

  it('to uploads are', async () => {
    const form = new FormData();
    form.append('bundle', JSON.stringify(bundle));
    form.append('policy', JSON.stringify(POLICY));
    form.append('blob', new Blob([BLOB]), 'file');
    expect(await ask('POST', '/api/v1/verify/blob', { body: form })).toBe(200);
    expect(await ask('POST', '/api/v1/verify/blob', { body: form, headers: { accept: 'text/plain' } })).toBe(
      200,
    );
    expect(await ask('POST', '/api/v1/verify/blob', { body: new FormData() })).toBe(400);
    expect(await ask('POST', '/api/v1/verify/blob', wrongType)).toBe(415);
  });

  it('about policies and bindings are, from the first version to the last', async () => {
    const policy = '/api/v1/policies/described';
    const binding = '/api/v1/policy-bindings/shop';
    const body = policyDocument('described', { tags: 'allow' });
    const anyVersion = { ...admin, 'if-match': '*' };
    expect(await ask('PUT', policy, { body })).toBe(401);
    expect(await ask('PUT', policy, { body, at: bare })).toBe(403);
    expect(await ask('PUT', policy, { body, headers: admin })).toBe(201);
    expect(await ask('PUT', policy, { body, headers: admin })).toBe(428);
    expect(await ask('PUT', policy, { body, headers: anyVersion })).toBe(200);
    expect(await ask('PUT', policy, { body, headers: { ...admin, 'if-match': '"9"' } })).toBe(412);
    expect(await ask('PUT', policy, { body: {}, headers: anyVersion })).toBe(400);
    expect(await ask('PUT', policy, { body: '{}', headers: { ...anyVersion, 'content-type': 'a/b' } })).toBe(
      415,
    );
    expect(await ask('PUT', policy, { ...huge(64 * 1024), headers: anyVersion })).toBe(413);
    expect(await ask('PUT', binding, { body: { policies: ['described'] }, headers: admin })).toBe(201);
    expect(await ask('PUT', binding, { body: { policies: ['nowhere'] }, headers: anyVersion })).toBe(400);
    expect(await ask('PUT', binding, { ...huge(8 * 1024), headers: anyVersion })).toBe(413);
    for (const path of ['/api/v1/policies', '/api/v1/policy-bindings', `${policy}/versions`]) {
      expect(await ask('GET', path)).toBe(200);
      expect(await ask('GET', `${path}?limit=0`)).toBe(400);
      expect(await ask('GET', path, { at: bare })).toBe(501);
    }
    for (const path of [policy, `${policy}/versions/2`, binding]) expect(await ask('GET', path)).toBe(200);
    expect(await ask('GET', `${policy}/versions/none`)).toBe(400);
    for (const path of ['/api/v1/policies/none', `${policy}/versions/9`, '/api/v1/policy-bindings/none'])
      expect(await ask('GET', path)).toBe(404);
    const review = admissionReview({ object: pod(image) });
    expect(await ask('POST', '/admission/validate', { body: review })).toBe(200);
    expect(await ask('POST', '/api/v1/verify', { body: { image, policyName: 'described' } })).toBe(200);
    expect(await ask('DELETE', policy, { headers: anyVersion })).toBe(409);
    expect(await ask('DELETE', binding, { headers: anyVersion })).toBe(200);
    expect(await ask('DELETE', policy, { headers: anyVersion })).toBe(200);
    expect(await ask('DELETE', policy, { headers: anyVersion })).toBe(404);
    expect(await ask('GET', `${policy}/versions/2`)).toBe(200);
    expect(await ask('GET', `${policy}/versions/3`)).toBe(404);
    expect(await ask('GET', '/api/v1/policies')).toBe(200);
  });

  it('to what is only tried out are', async () => {
    const dryRun = (body: unknown, at = url): Promise<number> =>
      ask('POST', '/api/v1/policies/dry-run', { body, at });
    expect(await dryRun({ image, policy: policyDocument('tried') })).toBe(200);
    expect(await dryRun({ image, policy: {} })).toBe(400);
    expect(await dryRun({ image, policy: { name: 'nowhere' } })).toBe(404);
    expect(await dryRun({ image, policy: { name: 'nowhere' } }, bare)).toBe(501);
    expect(await dryRun(' '.repeat(80 * 1024))).toBe(413);
    expect(await ask('POST', '/api/v1/policies/dry-run', wrongType)).toBe(415);
  });

  it('to reviews and for trust files are', async () => {
    expect(await ask('POST', '/admission/validate', { body: {} })).toBe(400);
    expect(await ask('POST', '/admission/validate', wrongType)).toBe(415);
    expect(await ask('POST', '/admission/validate', huge(MAX_REVIEW_BYTES))).toBe(413);
    expect(await ask('GET', '/trust/trusted_root.json')).toBe(200);
    expect(await ask('GET', '/trust/none')).toBe(404);
  });
});
