import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RedirectListener } from './redirect-listener.ts';

let listener: RedirectListener;
afterEach(() => listener.close());

const get = (query: string, init?: RequestInit): Promise<Response> => fetch(`${listener.url}${query}`, init);

function statusWithHost(host: string): Promise<number | undefined> {
  const { port, pathname } = new URL(listener.url);
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path: pathname, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('RedirectListener', () => {
  it('hands on what the browser brings, and answers when the login has ended', async () => {
    listener = await RedirectListener.open();
    expect(listener.url).toMatch(/^http:\/\/localhost:\d+\/auth\/callback$/);
    const answered = get('?code=a%20b&state=c');
    const redirect = await listener.next(5000);
    expect(Object.fromEntries(redirect.parameters)).toEqual({ code: 'a b', state: 'c' });
    await redirect.answer(true);
    const response = await answered;
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'");
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await response.text()).toContain('You are logged in');
  });

  it('repeats nothing of what came', async () => {
    listener = await RedirectListener.open();
    const answered = get('?error=%3Cscript%3E&state=c');
    await (await listener.next(5000)).answer(false);
    expect(await (await answered).text()).not.toContain('script');
  });

  it('takes one answer: who comes second finds nobody', async () => {
    listener = await RedirectListener.open();
    const { port } = new URL(listener.url);
    const first = get('?state=one');
    const redirect = await listener.next(5000);
    await expect(get('?state=two')).rejects.toThrow();
    await redirect.answer(true);
    await first;
    for (const host of ['127.0.0.1', '::1']) {
      const code = await new Promise((resolve) => {
        connect(Number(port), host)
          .once('connect', () => resolve('connected'))
          .once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
      expect(code).not.toBe('connected');
    }
  });

  it('is no other page and takes no other method, and waits on', async () => {
    listener = await RedirectListener.open();
    const { origin } = new URL(listener.url);
    expect((await fetch(`${origin}/favicon.ico`)).status).toBe(404);
    expect((await get('?state=c', { method: 'POST' })).status).toBe(405);
    expect(await statusWithHost('evil.example')).toBe(421);
    const answered = get('?state=c');
    await (await listener.next(5000)).answer(true);
    expect((await answered).status).toBe(200);
  });

  it('gives up in time', async () => {
    listener = await RedirectListener.open();
    await expect(listener.next(20)).rejects.toThrow('nobody logged in within');
  });

  it('listens where the issuer knows the client, and says when somebody else does', async () => {
    const other = await RedirectListener.open();
    const { port } = new URL(other.url);
    await expect(RedirectListener.open(`http://127.0.0.1:${port}/back`)).rejects.toThrow('EADDRINUSE');
    await other.close();
    listener = await RedirectListener.open(`http://127.0.0.1:${port}/back`);
    const answered = get('?state=c');
    await (await listener.next(5000)).answer(true);
    expect((await answered).status).toBe(200);
    for (const url of ['https://localhost/', 'nothing'])
      await expect(RedirectListener.open(url)).rejects.toMatchObject({ exitCode: 2 });
  });
});
