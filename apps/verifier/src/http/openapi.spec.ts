import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VerifierStage } from '../testonly/verifier-stage.ts';
import { openApiDocument } from './openapi.ts';

describe('GET /verifier/openapi.json', () => {
  const stage = new VerifierStage();
  let url: string;
  beforeAll(async () => {
    await stage.start();
    url = await stage.verifier();
  });
  afterAll(() => stage.close());

  it('answers the document', async () => {
    const response = await fetch(`${url}/verifier/openapi.json`);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument)));
  });

  it('names schemas that are there', () => {
    const named = JSON.stringify(openApiDocument).match(/#\/components\/schemas\/\w+/g) ?? [];
    const known = Object.keys(openApiDocument.components.schemas).map(
      (name) => `#/components/schemas/${name}`,
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  const operations = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  it.each(operations)('%s %s is a route', async (method, path) => {
    const response = await fetch(url + path.replace(/\{\w+\}/g, '1'), { method });
    const { type } = (await response.json()) as { type?: string };
    const unknown = (await (await fetch(`${url}/api/v1/nowhere`)).json()) as { type?: string };
    expect(unknown.type).toBeDefined();
    expect(type).not.toBe(unknown.type);
    expect(response.status).not.toBe(405);
  });
});
