import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { choosePorts } from './ports.ts';

describe('choosePorts', () => {
  let home: string;
  let taken: Server;
  let port: number;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sigstead-ports-'));
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    port = (taken.address() as AddressInfo).port;
  });
  afterEach(async () => {
    taken.close();
    await rm(home, { recursive: true, force: true });
  });

  it('picks free ones and keeps them', async () => {
    const first = await choosePorts(home, { http: 0 });
    expect(new Set(Object.values(first)).size).toBe(3);
    expect(await choosePorts(home, { http: 0 })).toEqual(first);
  });

  it('picks another when the kept one is taken', async () => {
    await writeFile(join(home, 'ports.json'), JSON.stringify({ picked: port }));
    expect((await choosePorts(home, { http: 0 })).http).not.toBe(port);
  });

  it.each(['garbage', '[]', '{"picked":"x","postgres":0}', '{"picked":99999}', 'null'])(
    'starts anew from a record of %j',
    async (record) => {
      await writeFile(join(home, 'ports.json'), record);
      const { http } = await choosePorts(home, { http: 0 });
      expect(JSON.parse(await readFile(join(home, 'ports.json'), 'utf8'))).toMatchObject({ picked: http });
    },
  );

  it('refuses a wanted port that is taken on any of the addresses', async () => {
    for (const addresses of [['127.0.0.1'], ['127.0.0.2', '127.0.0.1'], ['0.0.0.0']]) {
      await expect(choosePorts(home, { http: port, tls: 0 }, addresses)).rejects.toMatchObject({
        name: 'PortInUseError',
      });
    }
    expect((await choosePorts(home, { http: port, tls: 0 }, ['127.0.0.2'])).http).toBe(port);
  });

  it('refuses a wanted TLS port that is taken, or is the other one', async () => {
    await expect(choosePorts(home, { http: 0, tls: port })).rejects.toThrow(/TLS_PORT to another/);
    const free = (await choosePorts(home, { http: 0 })).http;
    await expect(choosePorts(home, { http: free, tls: free })).rejects.toThrow(/want two/);
  });

  it('keeps a picked TLS port while another is wanted in between', async () => {
    const { tls } = await choosePorts(home, { http: 0 });
    const other = (await choosePorts(home, { http: 0, tls: 0 }, ['127.0.0.2'])).http;
    expect((await choosePorts(home, { http: 0, tls: other }, ['127.0.0.2'])).tls).toBe(other);
    expect((await choosePorts(home, { http: 0 })).tls).toBe(tls);
  });

  it('gives no port out twice, though a record says so', async () => {
    const free = (await choosePorts(home, { http: 0 })).http;
    await writeFile(join(home, 'ports.json'), JSON.stringify({ picked: free, tls: free, postgres: free }));
    expect(new Set(Object.values(await choosePorts(home, { http: free, tls: 0 }))).size).toBe(3);
    await writeFile(join(home, 'ports.json'), JSON.stringify({ picked: free, tls: free, postgres: free }));
    expect(new Set(Object.values(await choosePorts(home, { http: 0, tls: free }))).size).toBe(3);
  });

  it('takes the usual TLS port unless somebody else has it', async () => {
    const usual = createServer();
    const isOurs = await new Promise<boolean>((resolve) => {
      usual.once('error', () => resolve(false)).listen(8443, '127.0.0.1', () => resolve(true));
    });
    const { http } = await choosePorts(home, { http: 0 });
    const { tls } = await choosePorts(home, { http });
    expect(tls).not.toBe(8443);
    if (!isOurs) return;
    usual.close();
    await once(usual, 'close');
    expect((await choosePorts(home, { http })).tls).toBe(8443);
    expect((await choosePorts(home, { http: 8443 })).tls).not.toBe(8443);
  });
});
