import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseImageReference, RegistryClient, type OciErrorCode } from '@sigstead/oci';
import { registryCredentials, type CredentialPlaces } from './registry-credentials.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sigstead-credentials-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const write = (path: string, content: object | string): string => {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};
const user = (username: string) => ({ username, password: 'secret' });
const auths = (registry: string, username: string) => ({ auths: { [registry]: user(username) } });
const find = (registry: string, places: Partial<CredentialPlaces> = {}) =>
  Promise.resolve(
    registryCredentials({ environment: {}, homeDirectory: home, ...places })(registry, 'team/app'),
  );
const refusal = async (work: Promise<unknown>, code: OciErrorCode): Promise<string> => {
  const error: unknown = await work.then(
    () => new Error('was not refused'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'OciError', code });
  expect((error as Error).message).not.toContain('secret');
  return (error as Error).message;
};

describe('files', () => {
  it('of docker and podman are read in this order, each registry by itself', async () => {
    write('.docker/config.json', auths('one.example', 'docker'));
    const podman = write('elsewhere/auth.json', {
      auths: { 'one.example': user('x'), 'two.example': user('file') },
    });
    write('run/containers/auth.json', { auths: { 'two.example': user('x'), 'three.example': user('run') } });
    write('.config/containers/auth.json', {
      auths: { 'three.example': user('x'), 'four.example': user('config') },
    });
    const environment = { REGISTRY_AUTH_FILE: podman, XDG_RUNTIME_DIR: join(home, 'run') };
    const found = await Promise.all(
      ['one', 'two', 'three', 'four', 'five'].map((name) => find(`${name}.example`, { environment })),
    );
    expect(found).toEqual([user('docker'), user('file'), user('run'), user('config'), undefined]);
  });

  it('lie where the variables say', async () => {
    write('.docker/config.json', auths('one.example', 'home'));
    write('other/config.json', auths('one.example', 'variable'));
    const DOCKER_CONFIG = join(home, 'other');
    expect(await find('one.example', { environment: { DOCKER_CONFIG } })).toEqual(user('variable'));
    expect(await find('one.example', { environment: { DOCKER_CONFIG: '' } })).toEqual(user('home'));
    const DOCKER_AUTH_CONFIG = JSON.stringify({ ...auths('one.example', 'inline'), credsStore: 'unused' });
    expect(await find('one.example', { environment: { DOCKER_AUTH_CONFIG } })).toEqual(user('inline'));
    expect(await find('two.example', { environment: { DOCKER_AUTH_CONFIG } })).toBeUndefined();
  });

  it('are none, or the one that was named and no other', async () => {
    expect(await find('one.example')).toBeUndefined();
    write('.docker/config.json', auths('one.example', 'home'));
    const configFile = write('mine.json', auths('two.example', 'mine'));
    expect(await find('two.example', { configFile })).toEqual(user('mine'));
    expect(await find('one.example', { configFile })).toBeUndefined();
    const message = await refusal(find('one.example', { configFile: join(home, 'none.json') }), 'MALFORMED');
    expect(message).toContain('none.json');
  });

  it('are read anew each time', async () => {
    const source = registryCredentials({ environment: {}, homeDirectory: home });
    expect(await source('one.example', 'app')).toBeUndefined();
    write('.docker/config.json', auths('one.example', 'later'));
    expect(await source('one.example', 'app')).toEqual(user('later'));
  });

  it.each(['not JSON: secret', '"secret"', `{"x":"${'x'.repeat(1024 * 1024)}"}`])(
    'that cannot be read are told by name alone (%#)',
    async (content) => {
      const file = write('.docker/config.json', content);
      expect(await refusal(find('one.example'), 'MALFORMED')).toContain(file);
    },
  );

  it('are files', async () => {
    mkdirSync(join(home, '.docker/config.json'), { recursive: true });
    await refusal(find('one.example'), 'MALFORMED');
  });
});

describe('helpers', () => {
  const PATH = () => `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`;
  /** A program of this name whose body is a shell script. */
  const install = (name: string, ...script: string[]) =>
    chmodSync(write(`bin/docker-credential-${name}`, ['#!/bin/sh', ...script, ''].join('\n')), 0o755);
  const ask = (registry: string, helperTimeoutMs = 10_000) =>
    find(registry, { environment: { PATH: PATH(), HOME: home }, helperTimeoutMs });
  const answer = (json: object) => `printf '%s' '${JSON.stringify(json)}'`;

  it('are asked for the registry on their standard input', async () => {
    write('.docker/config.json', { credHelpers: { 'one.example:5000': 'one' }, credsStore: 'all' });
    install(
      'one',
      'cat > "$HOME/asked"; echo "$@" >> "$HOME/asked"',
      answer({ Username: 'alice', Secret: 'secret' }),
    );
    install('all', 'cat > "$HOME/asked"', answer({ ServerURL: 'x', Username: '<token>', Secret: 'refresh' }));
    expect(await ask('one.example:5000')).toEqual(user('alice'));
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe('one.example:5000get\n');
    expect(await ask('docker.io')).toEqual({ identityToken: 'refresh' });
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe('https://index.docker.io/v1/');
  });

  it('that have nothing leave it to what is written down', async () => {
    write('.docker/config.json', { credsStore: 'empty', ...auths('one.example', 'file') });
    install('empty', 'echo "credentials not found in native keychain"; exit 1');
    expect(await ask('one.example')).toEqual(user('file'));
    expect(await ask('two.example')).toBeUndefined();
  });

  it('are not disturbed by being told what they do not read', async () => {
    write('.docker/config.json', { credsStore: 'deaf' });
    install('deaf', 'exec <&-', answer({ Username: 'alice', Secret: 'secret' }));
    expect(await ask('one.example')).toEqual(user('alice'));
  });

  it.each([
    ['fail', ['echo "secret is wrong"; exit 2'], 'ended with 2'],
    ['fail in words of their own', ['echo "credentials not found: secret"; exit 1'], 'ended with 1'],
    ['answer no JSON', ['echo secret'], 'cannot be read'],
    ['answer no credentials', [answer({ Username: 'alice' })], 'cannot be read'],
    ['answer without end', ['yes secret'], 'more than 65536 bytes'],
  ])('that %s are told without what they said', async (_name, script, reason) => {
    write('.docker/config.json', { credsStore: 'odd' });
    install('odd', ...script);
    const message = await refusal(ask('one.example'), 'UNAUTHORIZED');
    expect(message).toContain('docker-credential-odd gives no credentials for one.example');
    expect(message).toContain(reason);
  });

  it('that hang are ended', async () => {
    write('.docker/config.json', { credsStore: 'slow' });
    install('slow', 'exec sleep 60');
    expect(await refusal(ask('one.example', 100), 'UNAUTHORIZED')).toContain('within 100 ms');
  });

  it('that are not installed are told by name', async () => {
    write('.docker/config.json', { credsStore: 'desktop' });
    const message = await refusal(ask('one.example'), 'UNAUTHORIZED');
    expect(message).toContain(
      'docker-credential-desktop gives no credentials for one.example: it is not installed',
    );
  });

  it.each(['../evil', 'a/b', 'a b', 'a;touch x', '-x', '', '$(x)', 'x'.repeat(65)])(
    'are never run by the name %j',
    async (name) => {
      write('.docker/config.json', { credHelpers: { 'one.example': name } });
      if (name === '') expect(await ask('one.example')).toBeUndefined();
      else await refusal(ask('one.example'), 'REFUSED');
    },
  );
});

describe('with a registry that wants a token', () => {
  let registry: Server;
  let other: Server;
  const seen: {
    host: string;
    method: string;
    url: string;
    authorization: string | undefined;
    body: string;
  }[] = [];
  const hostOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  let realm: () => string;

  beforeEach(async () => {
    seen.length = 0;
    const start = async () => {
      const server = createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const { method = '', url = '', headers } = request;
        seen.push({ host: headers.host ?? '', method, url, authorization: headers.authorization, body });
        if (url.startsWith('/token'))
          return void response.end(JSON.stringify({ access_token: 'short-lived' }));
        const isKnown = headers.authorization === 'Bearer short-lived';
        response
          .writeHead(isKnown ? 404 : 401, { 'www-authenticate': `Bearer realm="${realm()}",service="reg"` })
          .end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    };
    registry = await start();
    other = await start();
    realm = () => `http://${hostOf(registry)}/token`;
  });
  afterEach(async () => {
    for (const server of [registry, other]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  const pull = async (entry: object) => {
    write('.docker/config.json', { auths: { [hostOf(registry)]: entry } });
    const credentials = registryCredentials({ environment: {}, homeDirectory: home });
    const client = new RegistryClient({ fetch, timeoutMs: 10_000, credentials });
    return client.findManifest(parseImageReference(`${hostOf(registry)}/team/app:v1`), 'v1');
  };

  it('an identity token buys one at the realm, in the body of a POST', async () => {
    await pull({ identitytoken: 'refresh-secret' });
    const [asked] = seen.filter(({ url }) => url.startsWith('/token'));
    expect(asked).toMatchObject({ method: 'POST', url: '/token', authorization: undefined });
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'sigstead',
      service: 'reg',
      scope: 'repository:team/app:pull',
      refresh_token: 'refresh-secret',
    });
    expect(seen.at(-1)?.authorization).toBe('Bearer short-lived');
  });

  it.each([
    ['an identity token', { identitytoken: 'refresh-secret' }],
    ['a password', user('alice')],
  ])('%s never goes to a realm on another host or port', async (_name, entry) => {
    realm = () => `http://${hostOf(other)}/token`;
    await pull(entry);
    const asked = seen.filter(({ host }) => host === hostOf(other));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'GET', authorization: undefined, body: '' });
  });

  it('a bearer token goes to the registry alone, whatever the realm', async () => {
    realm = () => `http://${hostOf(other)}/token`;
    await pull({ registrytoken: 'short-lived' });
    expect(seen.map(({ host }) => host)).toEqual([hostOf(registry), hostOf(registry)]);
  });

  it('an identity token is no password', async () => {
    realm = () => '';
    const basic = createServer((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    await new Promise<void>((resolve) => basic.listen(0, '127.0.0.1', resolve));
    write('.docker/config.json', { auths: { [hostOf(basic)]: { identitytoken: 'refresh-secret' } } });
    const credentials = registryCredentials({ environment: {}, homeDirectory: home });
    const client = new RegistryClient({ fetch, timeoutMs: 10_000, credentials });
    const image = parseImageReference(`${hostOf(basic)}/app`);
    expect(await refusal(client.getManifest(image), 'UNAUTHORIZED')).toContain('only an identity token');
    basic.closeAllConnections();
    await new Promise((resolve) => basic.close(resolve));
  });

  it('requests at the same time ask for one token', async () => {
    write('.docker/config.json', { auths: { [hostOf(registry)]: user('alice') } });
    const credentials = registryCredentials({ environment: {}, homeDirectory: home });
    const client = new RegistryClient({ fetch, timeoutMs: 10_000, credentials });
    const image = parseImageReference(`${hostOf(registry)}/team/app`);
    await Promise.all(['a', 'b', 'c', 'd'].map((tag) => client.findManifest(image, tag)));
    expect(seen.filter(({ url }) => url.startsWith('/token'))).toHaveLength(1);
    expect(seen.filter(({ authorization }) => authorization === 'Bearer short-lived')).toHaveLength(4);
  });
});
