import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseImageReference } from '@sigstead/oci';
import { givenCredentials, knownTokenHosts } from './credentials.ts';
import { openConnections } from './connections.ts';
import { openRegistries } from './open-registries.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

describe('openRegistries', () => {
  it('gives the registry what options say, and nobody else', async () => {
    const seen: (string | undefined)[] = [];
    server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      const status = request.headers.authorization === undefined ? 401 : 404;
      response.writeHead(status, { 'www-authenticate': 'Basic realm="x"' }).end('{}');
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const image = parseImageReference(`127.0.0.1:${(server.address() as AddressInfo).port}/app`);
    const options = { registryUsername: 'ada', registryPassword: 'secret' };
    const { client, close } = await openRegistries([image], options, {});
    await expect(client.resolve(image)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    close();
    expect(seen).toEqual([undefined, `Basic ${Buffer.from('ada:secret').toString('base64')}`]);
  });

  it('gives no two registries the same password', async () => {
    const images = ['a.sigstead.invalid/app', 'b.sigstead.invalid/app'].map((text) =>
      parseImageReference(text),
    );
    const options = { registryUsername: 'ada', registryPassword: 'secret' };
    await expect(openRegistries(images, options, {})).rejects.toMatchObject({ exitCode: 2 });
  });

  it('never leaves TLS unasked', async () => {
    const image = parseImageReference('registry.sigstead.invalid/app');
    const { client, close } = await openRegistries([image], {}, {});
    await expect(client.resolve(image)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    close();
  });
});

describe('options that contradict each other', () => {
  it.each([
    [{ registryUsername: 'ada' }],
    [{ registryPassword: 'secret' }],
    [{ registryUsername: 'ada', registryPassword: 'secret', registryToken: 'x' }],
  ])('%j are wrong usage', (options) => {
    expect(() => givenCredentials(options, new Set(['registry.test']))).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
  });

  it.each([
    [{ registryClientCert: 'x' }, 2, 'go together'],
    [{ registryCacert: '/nowhere' }, 1, '(ENOENT)'],
    [{ registryCacert: import.meta.filename }, 2, 'no PEM'],
  ])('%j are refused', async (options, exitCode, message) => {
    await expect(openConnections(options)).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    });
  });
});

describe('SIGSTEAD_REGISTRY_TOKEN_HOSTS', () => {
  it('names token services', async () => {
    const text = 'registry.example=git.example, other.example:5000=auth.example:8443';
    expect(await knownTokenHosts({ SIGSTEAD_REGISTRY_TOKEN_HOSTS: text })).toEqual({
      'registry.example': 'git.example',
      'other.example:5000': 'auth.example:8443',
    });
  });

  it.each([{}, { SIGSTEAD_REGISTRY_TOKEN_HOSTS: '' }])('of %j names none', async (environment) => {
    expect(await knownTokenHosts(environment)).toEqual({});
  });

  it.each([
    'git.example',
    '=git.example',
    'registry.example=',
    'registry.example=https://git.example',
    'a=b,',
  ])('%j is refused', async (text) => {
    await expect(knownTokenHosts({ SIGSTEAD_REGISTRY_TOKEN_HOSTS: text })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('want registry=host'),
    });
  });
});
