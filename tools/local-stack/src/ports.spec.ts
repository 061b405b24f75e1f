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
    const first = await choosePorts(home, 0);
    expect(first.http).not.toBe(first.postgres);
    expect(await choosePorts(home, 0)).toEqual(first);
  });

  it('picks another when the kept one is taken', async () => {
    await writeFile(join(home, 'ports.json'), JSON.stringify({ picked: port }));
    expect((await choosePorts(home, 0)).http).not.toBe(port);
  });

  it.each(['garbage', '[]', '{"picked":"x","postgres":0}', '{"picked":99999}', 'null'])(
    'starts anew from a record of %j',
    async (record) => {
      await writeFile(join(home, 'ports.json'), record);
      const { http } = await choosePorts(home, 0);
      expect(JSON.parse(await readFile(join(home, 'ports.json'), 'utf8'))).toMatchObject({ picked: http });
    },
  );

  it('refuses a wanted port that is taken on any of the addresses', async () => {
    for (const addresses of [['127.0.0.1'], ['127.0.0.2', '127.0.0.1'], ['0.0.0.0']]) {
      await expect(choosePorts(home, port, addresses)).rejects.toMatchObject({ name: 'PortInUseError' });
    }
    expect((await choosePorts(home, port, ['127.0.0.2'])).http).toBe(port);
  });
});
