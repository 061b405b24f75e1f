import { once } from 'node:events';
import { connect } from 'node:net';
import { Body, Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { googleStatusErrors, problemJsonErrors, rekorErrors, textErrors } from './error-renderers.ts';
import { HttpProblem } from './http-problem.ts';
import { createLog } from './log.ts';
import { createService, type Service } from './service.ts';

class KnownError extends Error {}

@Controller()
class EchoController {
  @Post('api/v2/signingCert')
  @HttpCode(200)
  sign(@Body() body: Uint8Array | undefined) {
    return { bytes: body?.length ?? -1 };
  }

  @Post('api/v1/log/entries')
  create(@Body() body: Uint8Array | undefined) {
    return { bytes: body?.length ?? -1 };
  }

  @Get('api/v1/log/entries/:uuid')
  get(@Param('uuid') uuid: string) {
    if (uuid === 'missing') throw new HttpProblem(404, 'gone', { emptyBody: true });
    return { uuid };
  }

  @Post('ctlog/2026/ct/v1/add-pre-chain')
  add() {
    throw new KnownError('chain of 0 certificates');
  }

  @Get('fails')
  fail() {
    throw new Error('password=hunter2');
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

describe('createService', () => {
  let service: Service;
  let url: string;
  let healthy = true;
  const lines: string[] = [];

  beforeAll(async () => {
    service = await createService({
      name: 'echo',
      module: EchoModule,
      faces: [
        { prefix: '/', errors: problemJsonErrors, bodyLimit: 1024 },
        { prefix: '/api/v2', errors: googleStatusErrors, bodyLimit: 100, methodNotAllowed: 501 },
        { prefix: '/api/v1/log', errors: rekorErrors, bodyLimit: 100, mediaTypes: ['application/json'] },
        { prefix: '/ctlog', errors: textErrors, bodyLimit: 100 },
      ],
      explain: (error) => (error instanceof KnownError ? new HttpProblem(400, error.message) : undefined),
      checks: {
        database: async () => {
          if (!healthy) throw new Error('connection refused');
        },
      },
      log: createLog('echo', 'warn', (line) => lines.push(line)),
    });
    url = await service.listen(0, '127.0.0.1');
  });

  afterAll(() => service.close());

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { method: 'POST', body, headers });

  it('hands the raw body to the controller, whatever its content type, where the face names none', async () => {
    for (const type of ['application/json', 'text/plain', 'nonsense', 'a/b;;;"', '']) {
      const answer = await post(
        '/api/v2/signingCert',
        '{"a":1}',
        type === '' ? {} : { 'content-type': type },
      );
      expect([type, answer.status, await answer.json()]).toEqual([type, 200, { bytes: 7 }]);
    }
  });

  it('takes a trailing slash', async () => {
    expect((await post('/api/v2/signingCert/', 'x')).status).toBe(200);
  });

  it('answers 415 in the shape of the face that names its content types', async () => {
    const answer = await post('/api/v1/log/entries', '{}', { 'content-type': 'text/plain' });
    expect(answer.status).toBe(415);
    expect(await answer.json()).toEqual({
      code: 415,
      message: 'unsupported media type "text/plain", only [application/json] are allowed',
    });
    expect(
      (await post('/api/v1/log/entries', '{}', { 'content-type': 'application/json; charset=utf-8' })).status,
    ).toBe(201);
  });

  it('refuses a body over the limit of its face, announced or not', async () => {
    const announced = await post('/api/v1/log/entries', 'x'.repeat(101), {
      'content-type': 'application/json',
    });
    expect(announced.status).toBe(413);
    expect(await announced.json()).toEqual({
      code: 413,
      message: 'Request Entity Too Large. Limit set to 100',
    });
    const chunked = await fetch(`${url}/api/v2/signingCert`, {
      method: 'POST',
      body: new Blob(['x'.repeat(400)]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(400);
    expect(await chunked.json()).toMatchObject({ code: 3, details: [] });
  });

  it('tells an unknown path from a known one under another method', async () => {
    expect(await (await fetch(`${url}/api/v2/nothing`)).json()).toEqual({
      code: 5,
      message: 'Not Found',
      details: [],
    });
    const wrong = await fetch(`${url}/api/v2/signingCert`);
    expect([wrong.status, await wrong.json()]).toEqual([
      501,
      { code: 12, message: 'Method Not Allowed', details: [] },
    ]);
    const rekor = await fetch(`${url}/api/v1/log/entries/abc`, { method: 'DELETE' });
    expect([rekor.status, rekor.headers.get('allow')]).toEqual([405, 'GET']);
    const ours = await fetch(`${url}/nothing`);
    expect([ours.status, ours.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  it('can answer without a body', async () => {
    const answer = await fetch(`${url}/api/v1/log/entries/missing`);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([404, null, '']);
  });

  it('renders explained errors and hides unknown ones', async () => {
    const known = await post('/ctlog/2026/ct/v1/add-pre-chain', '{}');
    expect([known.status, await known.text()]).toEqual([400, 'Bad Request\nchain of 0 certificates\n']);
    const unknown = await fetch(`${url}/fails`);
    expect([unknown.status, await unknown.json()]).toMatchObject([500, { detail: 'internal error' }]);
    expect(lines.at(-1)).toContain('hunter2');
  });

  it.each(['/%zz', `/api/v1/log/entries/${'a'.repeat(3000)}`, '//', '/..%2f..%2f'])(
    'answers %p with a 4xx',
    async (path) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.end(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      await once(socket, 'close');
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    },
  );

  it('says whether it is ready, with a reason per check', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    healthy = false;
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { ready: false, checks: { database: { ok: false, detail: 'connection refused' } } },
    ]);
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'SERVING' });
  });

  it('counts requests by route pattern, never by what the caller wrote', async () => {
    await fetch(`${url}/api/v1/log/entries/secret-looking-value`);
    await fetch(`${url}/made/up/by/the/caller`);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('route="/api/v1/log/entries/:uuid"');
    expect(text).toContain('route="unknown"');
    expect(text).not.toMatch(/secret-looking|made\/up/);
  });
});
