import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bareSurroundings } from '../../testonly/surroundings.ts';
import { findAmbientToken } from './ambient-token.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

let server: Server;
let url: string;
let seen: Seen[];
let answer: (response: ServerResponse, attempt: number) => void;

beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await once(server.close(), 'close');
});
beforeEach(() => {
  seen = [];
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method, url, headers } = request;
  seen.push({ method, url, authorization: headers.authorization, body });
  answer(response, seen.length);
}

const json = (response: ServerResponse, value: object, status = 200): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

describe('GitHub Actions', () => {
  const environment = () => ({
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?v=1`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer-of-the-job',
  });
  const find = () => findAmbientToken(bareSurroundings({ environment: environment() }), undefined);

  it('gives a token for Sigstore', async () => {
    answer = (response) => json(response, { count: 1, value: 'eyJ.a.b' });
    expect(await find()).toBe('eyJ.a.b');
    expect(seen).toEqual([
      {
        method: 'GET',
        url: '/token?v=1&audience=sigstore',
        authorization: 'Bearer bearer-of-the-job',
        body: '',
      },
    ]);
  });

  it('is asked three times while it fails', async () => {
    answer = (response, attempt) => {
      if (attempt === 1) response.destroy();
      else if (attempt === 2) json(response, {}, 503);
      else json(response, { value: 'eyJ.a.b' });
    };
    expect(await find()).toBe('eyJ.a.b');
    answer = (response) => json(response, { message: 'down' }, 500);
    seen = [];
    await expect(find()).rejects.toThrow('GitHub Actions gives no identity token: down');
    expect(seen).toHaveLength(3);
    answer = (response) => void response.destroy();
    await expect(find()).rejects.toThrow('it was named by GitHub Actions');
  });

  it('is asked once when it refuses', async () => {
    answer = (response) => json(response, { message: 'no' }, 403);
    await expect(find()).rejects.toThrow('id-token: write');
    expect(seen).toHaveLength(1);
  });

  it('does not send the bearer on to another address', async () => {
    answer = (response) => void response.writeHead(302, { location: `${url}/elsewhere` }).end();
    await expect(find()).rejects.toMatchObject({ exitCode: 1 });
    expect(seen.filter((request) => request.url === '/elsewhere')).toEqual([]);
  });

  it('gives a token and nothing else', async () => {
    answer = (response) => json(response, { value: 'two words' });
    await expect(find()).rejects.toThrow('holds no token');
  });

  it('names the variable of an address that is none', async () => {
    const environment = { ACTIONS_ID_TOKEN_REQUEST_URL: 'nope', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' };
    await expect(findAmbientToken(bareSurroundings({ environment }), undefined)).rejects.toThrow(
      'ACTIONS_ID_TOKEN_REQUEST_URL is no URL',
    );
  });

  it('is not there with half its variables', async () => {
    const environment = { ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token` };
    expect(await findAmbientToken(bareSurroundings({ environment }), undefined)).toBeUndefined();
  });
});

describe('Buildkite', () => {
  const find = (changes: Record<string, string> = {}) =>
    findAmbientToken(
      bareSurroundings({
        environment: {
          BUILDKITE_AGENT_ACCESS_TOKEN: 'access-of-the-job',
          BUILDKITE_AGENT_ENDPOINT: `${url}/v3/`,
          BUILDKITE_JOB_ID: '0190-abc',
          ...changes,
        },
      }),
      undefined,
    );

  it('gives a token for Sigstore', async () => {
    answer = (response) => json(response, { token: 'eyJ.a.b' }, 201);
    expect(await find()).toBe('eyJ.a.b');
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/v3/jobs/0190-abc/oidc/tokens',
        authorization: 'Token access-of-the-job',
        body: '{"audience":"sigstore"}',
      },
    ]);
  });

  it('says why it gives none', async () => {
    answer = (response) => json(response, { message: 'no such job' }, 404);
    await expect(find()).rejects.toThrow('Buildkite gives no identity token: no such job');
  });

  it.each([
    ['a job that is a path', { BUILDKITE_JOB_ID: '../admin' }],
    ['no job', { BUILDKITE_JOB_ID: '' }],
    ['an address that is none', { BUILDKITE_AGENT_ENDPOINT: 'agent' }],
    ['an access token of two lines', { BUILDKITE_AGENT_ACCESS_TOKEN: 'a\nb' }],
  ])('is not asked with %s', async (_what, changes) => {
    await expect(find(changes)).rejects.toMatchObject({ exitCode: 2 });
    expect(seen).toEqual([]);
  });

  it('that fails is not passed over for another', async () => {
    answer = (response) => json(response, {}, 500);
    await expect(find({ SPIFFE_ENDPOINT_SOCKET: '/nowhere/api.sock' })).rejects.toThrow('Buildkite');
  });
});
