import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { makeToken } from '@sigstead/signing/testonly/small-sigstore';
import { TestSigner } from '../testonly/test-signer.ts';
import { openApiDocument } from './openapi.ts';

interface Body {
  readonly content: Readonly<
    Record<string, { readonly examples?: Readonly<Record<string, { value: object }>> }>
  >;
}

describe('GET /signer/openapi.json', () => {
  const { paths } = openApiDocument;
  const schemas = openApiDocument.components.schemas as unknown as Record<string, { properties: JsonObject }>;
  let signer: TestSigner;
  beforeAll(async () => {
    signer = await TestSigner.create(fetch);
  });
  afterAll(() => signer.stop());

  const token = () => ({ authorization: `Bearer ${makeToken()}` });

  it('answers the document', async () => {
    const response = await fetch(`${signer.url}/signer/openapi.json`);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument)));
  });

  it('names schemas that are there', () => {
    const named = JSON.stringify(openApiDocument).match(/#\/components\/schemas\/\w+/g) ?? [];
    const known = Object.keys(schemas).map((name) => `#/components/schemas/${name}`);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('knows every field that a request may have', () => {
    const fields = (name: string) => Object.keys(schemas[name]?.properties ?? {});
    expect(fields('ImageRequest')).toEqual(
      expect.arrayContaining(['image', 'annotations', 'form', 'recursive', 'identityToken', 'registryAuth']),
    );
    expect(fields('PredicateArtifact')).toEqual(
      expect.arrayContaining(['predicateType', 'predicate', 'image', 'digest']),
    );
    expect(schemas['ImageArtifact']?.properties).toMatchObject({
      image: { type: 'string', maxLength: 1024 },
      annotations: { type: 'object', additionalProperties: { type: 'string' } },
    });
  });

  it.each(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
    ),
  )('%s %s is a route', async (method, path) => {
    const { status } = await fetch(signer.url + path, { method });
    expect([404, 405]).not.toContain(status);
  });

  const examples = Object.entries(paths).flatMap(([path, methods]) => {
    const { content } = ('post' in methods ? methods.post.requestBody : { content: {} }) as Body;
    return Object.entries(content).flatMap(([type, { examples = {} }]) =>
      Object.entries(examples).map(([name, { value }]) => [path, type, name, value] as const),
    );
  });
  it.each(examples)('has examples that work: %s, %s, %s', async (path, type, _name, value) => {
    const body = JSON.stringify(value).replaceAll('registry.example/app:v1', signer.image());
    const answer = await signer.answer(signer.post(path, body, { ...token(), 'content-type': type }));
    const known = Object.keys(schemas['Answer']?.properties ?? {});
    const answers = Array.isArray(answer['outcomes']) ? (answer['outcomes'] as JsonObject[]) : [answer];
    for (const one of answers)
      expect(Object.keys(one).filter((key) => ![...known, 'artifact', 'signed'].includes(key))).toEqual([]);
  });

  it('describes problems as they are', async () => {
    const problem = await signer.problem(signer.post('/api/v1/sign', {}, token()), 400);
    expect(problem.detail).toContain('want what is to be signed');
    const known = Object.keys(schemas['Problem']?.properties ?? {});
    expect(Object.keys(problem).filter((key) => !known.includes(key))).toEqual([]);
  });
});
