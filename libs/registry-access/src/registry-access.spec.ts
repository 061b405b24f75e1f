import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OciError, parseImageReference } from '@sigstead/oci';
import { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts';
import { isPublicAddress } from './public-address.ts';
import { registryPattern, RegistryRules } from './registry-rules.ts';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '192.167.255.255', '2606:4700::1111', '2a00::1'])(
    'takes %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'localhost',
    '',
  ])('refuses %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('RegistryRules', () => {
  const check = (allowed: string[], insecure: string[], image: string) =>
    new RegistryRules({ allowed, insecure }).assertAllowed(parseImageReference(image));

  it.each([
    [[], [], 'ghcr.io/acme/app'],
    [['ghcr.io'], [], 'ghcr.io/acme/app'],
    [['ghcr.io/acme'], [], 'ghcr.io/acme/app'],
    [['ghcr.io/acme/app'], [], 'ghcr.io/acme/app:v1'],
    [['*.example.com'], [], 'a.b.example.com/app'],
    [['docker.io/library'], [], 'alpine'],
    [['ghcr.io'], ['localhost:5000'], 'localhost:5000/app'],
  ])('with %j and %j take %s', (allowed, insecure, image) => {
    expect(() => check(allowed, insecure, image)).not.toThrow();
  });

  it.each([
    [['ghcr.io'], 'ghcr.io.evil.example/acme/app'],
    [['ghcr.io'], 'evil-ghcr.io/acme/app'],
    [['ghcr.io'], 'ghcr.io:8443/acme/app'],
    [['ghcr.io/acme'], 'ghcr.io/acme-evil/app'],
    [['*.example.com'], 'example.com/app'],
    [['*.example.com'], 'evilexample.com/app'],
    [['ghcr.io'], 'alpine'],
  ])('with %j refuse %s', (allowed, image) => {
    expect(() => check(allowed, [], image)).toThrow(
      expect.objectContaining({ name: 'OciError', code: 'REFUSED' }),
    );
  });

  it('name token services, which may be private', () => {
    const rules = new RegistryRules({ tokenHosts: [['registry.example', 'git.example:443']] });
    expect(rules.tokenHosts).toEqual({ 'registry.example': 'git.example' });
    expect(rules.isNamed('git.example')).toBe(true);
    expect(rules.isNamed('registry.example')).toBe(false);
  });

  it('let only named hosts be private, wildcards not', () => {
    const rules = new RegistryRules({
      allowed: ['registry.corp', '*.corp', 'ghcr.io:443/acme'],
      insecure: ['localhost:5000', '127.0.0.1:*'],
    });
    const named = ['registry.corp', 'ghcr.io', 'localhost:5000', '127.0.0.1:4711'];
    const unnamed = ['other.corp', 'registry.corp.evil.test', 'localhost:5001', '127.0.0.1.evil.test:1'];
    expect([...named, ...unnamed].filter((host) => rules.isNamed(host))).toEqual(named);
    const hosts = ['localhost:5000', 'localhost', 'registry.corp', '127.0.0.1:1', '127.0.0.1'];
    expect(hosts.filter((host) => rules.allowsHttp(host))).toEqual([
      'localhost:5000',
      '127.0.0.1:1',
      '127.0.0.1',
    ]);
  });

  it.each(['*', '*.', 'http://x', 'a b', 'x:port', 'x/../y?', 'x/', 'x:*', ''])(
    'know no allowed pattern %j',
    (pattern) => {
      expect(registryPattern.allowed.safeParse(pattern).success).toBe(false);
    },
  );

  it.each(['*', '*:*', '*.corp', 'x/y', 'http://x', ''])('know no pattern %j without TLS', (pattern) => {
    expect(registryPattern.insecure.safeParse(pattern).success).toBe(false);
  });
});

describe('createGuardedFetch', () => {
  let server: Server;
  let host: string;
  let guarded: GuardedFetch;
  const named = new Set<string>();

  beforeEach(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      try {
        for await (const chunk of request) body += String(chunk);
      } catch {
        return;
      }
      if (request.url === '/moved') return void response.writeHead(302, { location: '/' }).end();
      if (request.url === '/none') return void response.writeHead(204).end();
      response
        .writeHead(200, {
          'x-method': request.method,
          'x-length': request.headers['content-length'] ?? 'none',
        })
        .end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    named.clear();
    guarded = createGuardedFetch((one) => named.has(one));
  });
  afterEach(async () => {
    guarded.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('goes to a named host, with body and headers, following nothing', async () => {
    named.add(host);
    const response = await guarded.fetch(`http://${host}/`, {
      method: 'PUT',
      body: new TextEncoder().encode('héllo'),
    });
    expect([
      response.status,
      response.headers.get('x-method'),
      response.headers.get('x-length'),
      await response.text(),
    ]).toEqual([200, 'PUT', '6', 'héllo']);
    expect((await guarded.fetch(`http://${host}/moved`, {})).status).toBe(302);
    expect((await guarded.fetch(`http://${host}/none`, {})).status).toBe(204);
    const head = await guarded.fetch(`http://${host}/`, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, null]);
  });

  it('sends a stream as it comes, and ends it where the connection ends', async () => {
    named.add(host);
    const url = `http://${host}/`;
    async function* letters() {
      for (const letter of ['a', 'b', 'c']) yield await Promise.resolve(new TextEncoder().encode(letter));
    }
    const body = ReadableStream.from(letters()) as unknown as Uint8Array<ArrayBuffer>;
    const response = await guarded.fetch(url, { method: 'PATCH', body, headers: {} });
    expect([
      response.headers.get('x-method'),
      response.headers.get('x-length'),
      await response.text(),
    ]).toEqual(['PATCH', 'none', 'abc']);

    let isEnded = false;
    async function* endless() {
      try {
        for (;;) yield await Promise.resolve(new Uint8Array(65_536));
      } finally {
        isEnded = true;
      }
    }
    const stop = new AbortController();
    server.once('request', () => stop.abort(new Error('enough')));
    const sending = guarded.fetch(url, {
      method: 'PATCH',
      body: ReadableStream.from(endless()) as unknown as Uint8Array<ArrayBuffer>,
      signal: stop.signal,
    });
    await expect(sending).rejects.toThrow('enough');
    while (!isEnded) await new Promise((resolve) => setImmediate(resolve));
  });

  it('ends with what a stream ends with', async () => {
    named.add(host);
    async function* failing() {
      yield await Promise.resolve(new Uint8Array(1));
      throw new Error('disk');
    }
    const body = ReadableStream.from(failing()) as unknown as Uint8Array<ArrayBuffer>;
    await expect(guarded.fetch(`http://${host}/`, { method: 'PATCH', body })).rejects.toThrow('disk');
  });

  it.each([
    (port: string) => `http://127.0.0.1:${port}/`,
    (port: string) => `http://localhost:${port}/`,
    (port: string) => `http://[::1]:${port}/`,
    (port: string) => `http://[::ffff:127.0.0.1]:${port}/`,
    (port: string) => `http://0x7f.1:${port}/`,
    (port: string) => `https://localhost:${port}/`,
    () => 'http://169.254.169.254/latest/meta-data',
  ])('refuses private addresses by number and by name (%#)', async (url) => {
    let connections = 0;
    server.on('connection', () => connections++);
    await expect(guarded.fetch(url(host.split(':')[1] ?? ''), {})).rejects.toMatchObject({
      name: 'OciError',
      code: 'REFUSED',
    });
    expect(connections).toBe(0);
  });

  /** Every name resolves to these addresses. */
  const resolving =
    (...addresses: string[]): LookupFunction =>
    (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  it('refuses a name with one private address among public ones, and one with none', async () => {
    const mixed = createGuardedFetch(() => false, { lookup: resolving('8.8.8.8', '10.0.0.1') });
    await expect(mixed.fetch('http://mixed.test/', {})).rejects.toMatchObject({ code: 'REFUSED' });
    const none = createGuardedFetch(() => false, { lookup: resolving() });
    await expect(none.fetch('http://none.test/', {})).rejects.toThrow(/no address/);
  });

  it('connects to the very address that was checked, resolving once', async () => {
    let asked = 0;
    const rebinding: LookupFunction = (name, options, callback) =>
      resolving(++asked === 1 ? '127.0.0.1' : '10.0.0.1')(name, options, callback);
    const once = createGuardedFetch(() => false, {
      lookup: rebinding,
      isReachable: (address) => address === '127.0.0.1',
    });
    const response = await once.fetch(`http://public.test:${host.split(':')[1]}/`, { method: 'POST' });
    expect([asked, response.status, response.headers.get('x-method')]).toEqual([1, 200, 'POST']);
    await response.text();
    once.close();
  });

  it.each([
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    ],
    ['no HTTP', 'hello\r\n\r\n'],
    ['nothing', ''],
  ])('fails at once on %s', async (_, answer) => {
    const raw = createTcpServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end(answer),
    );
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const rawHost = `127.0.0.1:${(raw.address() as AddressInfo).port}`;
    const guard = createGuardedFetch(() => true);
    await expect(guard.fetch(`http://${rawHost}/`, { signal: AbortSignal.timeout(5000) })).rejects.toThrow(
      /closed|Parse Error|hang up/,
    );
    guard.close();
    await new Promise((resolve) => raw.close(resolve));
  });

  it('names a host that does not exist', async () => {
    const error: unknown = await guarded
      .fetch('http://registry.invalid/', {})
      .catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(OciError);
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain((error as NodeJS.ErrnoException).code);
  });

  it('gives up when it is told to', async () => {
    named.add(host);
    server.removeAllListeners('request');
    const controller = new AbortController();
    server.on('request', () => controller.abort());
    await expect(guarded.fetch(`http://${host}/`, { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    server.closeAllConnections();
  });

  it('ends a body with the reason of its signal', async () => {
    named.add(host);
    server.removeAllListeners('request');
    server.on('request', (_request, response) => response.writeHead(200).write('a'));
    const controller = new AbortController();
    const response = await guarded.fetch(`http://${host}/`, { signal: controller.signal });
    const text = response.text();
    controller.abort(new OciError('TIMEOUT', 'late'));
    await expect(text).rejects.toThrow('late');
    server.closeAllConnections();
  });

  it('sends a request again when a kept connection was closed under it', async () => {
    named.add(host);
    await (await guarded.fetch(`http://${host}/`, {})).text();
    server.prependOnceListener('request', (request) => request.socket.resetAndDestroy());
    expect((await guarded.fetch(`http://${host}/`, {})).status).toBe(200);
  });
});
