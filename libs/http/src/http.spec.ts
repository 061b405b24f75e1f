import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readBody } from './read-body.ts';
import { reasonOf } from './reason-of.ts';

describe('readBody', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/none') response.writeHead(204).end();
      else if (request.url === '/stalled') response.write('abc');
      else if (request.url === '/endless') {
        const pump = (): void => void (response.destroyed || response.write('x'.repeat(65_536), pump));
        pump();
      } else response.end('0123456789');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const text = ({ bytes, complete }: { bytes: Uint8Array; complete: boolean }) => [
    new TextDecoder().decode(bytes),
    complete,
  ];

  it.each([
    [11, ['0123456789', true]],
    [10, ['0123456789', true]],
    [9, ['012345678', false]],
    [0, ['', false]],
  ])('reads at most %i bytes', async (maxBytes, expected) => {
    expect(text(await readBody(await fetch(url), maxBytes))).toEqual(expected);
  });

  it('takes an answer without a body', async () => {
    expect(text(await readBody(await fetch(`${url}/none`), 10))).toEqual(['', true]);
  });

  it('stops an endless body at the bound', async () => {
    const { bytes, complete } = await readBody(await fetch(`${url}/endless`), 100_000);
    expect([bytes.length, complete]).toEqual([100_000, false]);
  });

  it('ends a stalled body with the reason of the signal, even where fetch does not know it', async () => {
    const controller = new AbortController();
    const reading = readBody(await fetch(`${url}/stalled`), 10, controller.signal);
    controller.abort(new Error('late'));
    await expect(reading).rejects.toThrow('late');
  });

  it('reads nothing once the signal has ended', async () => {
    await expect(readBody(await fetch(url), 10, AbortSignal.abort(new Error('late')))).rejects.toThrow(
      'late',
    );
  });
});

describe('reasonOf', () => {
  it('finds the innermost words', async () => {
    const failed: unknown = await fetch('http://127.0.0.1:1/').catch((error: unknown) => error);
    expect(reasonOf(failed)).toMatch(/ECONNREFUSED|bad port/);
    expect(reasonOf(new Error('outer', { cause: { code: 'EPIPE' } }))).toBe('EPIPE');
    expect(reasonOf({})).toBe('no answer');
  });
});
