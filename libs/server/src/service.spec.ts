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

  @Get('busy')
  busy() {
    const cause = new Error('connect ECONNREFUSED');
    throw new HttpProblem(503, 'the log cannot be reached', { cause });
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
        { prefix: '/api/v2', errors: googleStatusErrors, bodyLimit: 100, methodNotAllowed: 501, cors: true },
        {
          prefix: '/api/v1/log',
          errors: rekorErrors,
          bodyLimit: 100,
          mediaTypes: ['application/json'],
          cors: true,
        },
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

  /** Sends the whole body without waiting, then a second request unless the first one closes, and returns all that came. */
  async function send(line: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<string> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const fields = Object.entries({ host: 'x', 'content-length': String(body.length), ...headers });
    socket.write(
      `${line} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    socket.write(body);
    if (headers['connection'] !== 'close')
      socket.write('GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await once(socket, 'close');
    return answer;
  }

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

  it('lets the client read its answer although most of the body was not taken', async () => {
    const body = new Uint8Array(6 * 1024 * 1024);
    for (const headers of [{ 'content-type': 'application/json' }, { 'content-type': 'text/plain' }]) {
      const answer = await send('POST /api/v1/log/entries', body, headers);
      expect(answer).toMatch(/^HTTP\/1\.1 41[35] /);
      // The connection outlived the refusal: the second request on it was answered as well.
      expect(answer).toContain('HTTP/1.1 404 ');
    }
  });

  it('lets a client that wants the connection closed read its answer as well', async () => {
    const answer = await send('POST /api/v1/log/entries', new Uint8Array(6 * 1024 * 1024), {
      'content-type': 'application/json',
      connection: 'close',
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*connection: close/i);
  });

  it('cuts a refused body that does not end', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      'POST /api/v1/log/entries HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 999999\r\n\r\n{',
    );
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('knows the face of a path spelled with escapes', async () => {
    const answer = await post('/api/v1/%6Cog/entries', '{}', { 'content-type': 'text/plain' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([415, 'application/json']);
  });

  it('takes a request target in absolute form', async () => {
    const answer = await send(`GET ${url}/api/v1/log/entries/abc`, new Uint8Array());
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*\{"uuid":"abc"\}/);
  });

  it('keeps an idle connection longer than clients and proxies do', async () => {
    const { headers } = await fetch(`${url}/api/v1/log/entries/1`);
    expect(headers.get('keep-alive')).toBe('timeout=95');
  });

  it('answers 404 and 405 before it judges the body', async () => {
    const type = { 'content-type': 'text/plain' };
    expect((await post('/api/v1/log/nothing', 'x'.repeat(500), type)).status).toBe(404);
    expect((await post('/api/v1/log/entries/abc', 'x'.repeat(500), type)).status).toBe(405);
  });

  it('writes JSON without a charset', async () => {
    const answer = await fetch(`${url}/api/v1/log/entries/abc`);
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it('does not log a wrong method as a failure, though the face calls it 501', async () => {
    const before = lines.length;
    await fetch(`${url}/api/v2/signingCert`);
    expect(lines.slice(before)).toEqual([]);
  });

  it('leaves one short line, with the reason, for a failure that passes', async () => {
    const before = lines.length;
    expect((await fetch(`${url}/busy`)).status).toBe(503);
    const [line = '', ...others] = lines.slice(before);
    expect(others).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({ level: 'warn', reason: 'connect ECONNREFUSED', path: '/busy' });
    expect(line).not.toContain('stack');
  });

  describe('cross-origin requests', () => {
    const origin = { origin: 'https://ui.example' };
    const preflight = async (path: string, method: string, headers?: string) => {
      const answer = await fetch(`${url}${path}`, {
        method: 'OPTIONS',
        headers: {
          ...origin,
          'access-control-request-method': method,
          ...(headers === undefined ? {} : { 'access-control-request-headers': headers }),
        },
      });
      return [
        answer.status,
        answer.headers.get('access-control-allow-origin'),
        answer.headers.get('access-control-allow-methods'),
        answer.headers.get('access-control-allow-headers'),
      ];
    };

    it('are allowed where the face says so, errors included', async () => {
      for (const path of ['/api/v1/log/entries/abc', '/api/v1/log/entries/missing', '/api/v2/nothing']) {
        const { headers } = await fetch(`${url}${path}`, { headers: origin });
        expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual(['*', 'Origin']);
      }
      const refused = await post('/api/v1/log/entries', '{}', { ...origin, 'content-type': 'text/plain' });
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([415, '*']);
    });

    it('get no such header elsewhere, nor without an origin', async () => {
      const elsewhere = await fetch(`${url}/metrics`, { headers: origin });
      const same = await fetch(`${url}/api/v1/log/entries/abc`);
      for (const { headers } of [elsewhere, same])
        expect(headers.get('access-control-allow-origin')).toBeNull();
    });

    it('are preflighted with 204, permitted or not', async () => {
      const path = '/api/v2/signingCert';
      expect(await preflight(path, 'POST', 'Content-Type, accept')).toEqual([
        204,
        '*',
        'POST',
        'content-type, accept',
      ]);
      expect(await preflight(path, 'GET')).toEqual([204, '*', 'GET', null]);
      expect(await preflight(path, 'POST', 'authorization')).toEqual([204, null, null, null]);
      expect(await preflight(path, 'DELETE')).toEqual([204, null, null, null]);
      expect((await preflight('/fails', 'GET'))[0]).toBe(405);
    });

    it('leave OPTIONS without a wanted method to the router', async () => {
      expect((await fetch(`${url}/api/v1/log/entries`, { method: 'OPTIONS' })).status).toBe(405);
    });
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
