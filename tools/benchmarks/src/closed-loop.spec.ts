import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closedLoop, percentile, type LoadRequest } from './closed-loop.ts';

describe('a closed loop', () => {
  let server: Server;
  afterEach(() => void server.close());

  async function listen(status: number) {
    const methods: unknown[] = [];
    let open = 0;
    let most = 0;
    server = createServer((request, response) => {
      methods.push(request.method);
      most = Math.max(most, ++open);
      request.resume().on('end', () => {
        open--;
        response.writeHead(status).end('done');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, methods, most: () => most };
  }

  const next = (): LoadRequest => ({ method: 'POST', path: '/', headers: {}, body: 'x' });

  it('counts every answer and never has more requests open than clients', async () => {
    const { url, methods, most } = await listen(200);
    const result = await closedLoop({ url, next, wantStatus: 200, clients: 3, seconds: 0.2 });
    expect(result.requests).toBe(methods.length);
    expect(most()).toBeLessThanOrEqual(3);
    expect(result.p50).toBeLessThanOrEqual(result.p95);
  });

  it('sends each request by the method it names', async () => {
    const { url, methods } = await listen(200);
    let sent = 0;
    const either = (): LoadRequest => (sent++ % 2 === 0 ? { method: 'GET', path: '/', headers: {} } : next());
    await closedLoop({ url, next: either, wantStatus: 200, clients: 1, seconds: 0.2 });
    expect(methods.slice(0, 3)).toEqual(['GET', 'POST', 'GET']);
  });

  it('fails on an answer that was not wanted', async () => {
    const { url } = await listen(503);
    await expect(closedLoop({ url, next, wantStatus: 200, clients: 1, seconds: 0.2 })).rejects.toThrow(
      /answered 503, want 200: done/,
    );
  });
});

describe('a percentile', () => {
  it('is the value that so many are not above', () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([0.5, 0.95, 1].map((share) => percentile(values, share))).toEqual([5, 10, 10]);
    expect(percentile([], 0.5)).toBe(0);
  });
});
