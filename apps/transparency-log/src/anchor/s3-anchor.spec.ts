import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AwsClient } from 'aws4fetch';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openReplica, submission, temporaryDirectory, type Replica } from '../testonly/engine.ts';
import { hasMinio, startMinio, type TestBucket } from '../testonly/minio.ts';
import { startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';
import type { TreeHead } from './anchor.ts';
import { S3Anchor, type S3Settings } from './s3-anchor.ts';

const TIMEOUT_MS = 10_000;
let objects = 0;

function head(size: number): TreeHead {
  return { size: BigInt(size), root: new Uint8Array(32).fill(size % 256) };
}

(hasMinio() ? describe : describe.skip)(
  'S3Anchor on MinIO (skipped unless minio or SIGSTEAD_MINIO is there)',
  () => {
    let bucket: TestBucket;
    let name: string;

    beforeAll(async () => {
      bucket = await startMinio();
    }, 60_000);

    afterAll(async () => {
      await bucket?.stop();
    });

    beforeEach(() => {
      name = `log-${++objects}`;
    });

    const open = (timeoutMs = TIMEOUT_MS): Promise<S3Anchor> =>
      S3Anchor.open(bucket.settings, name, timeoutMs);

    it('is undefined until something is stored', async () => {
      const anchor = await open();
      expect(await anchor.read()).toBeUndefined();
      expect(await anchor.compareAndSwap(undefined, head(1))).toBe(true);
      const stored = await (await open()).read();
      expect(stored?.size).toBe(1n);
      expect(Buffer.from(stored?.root ?? []).equals(head(1).root)).toBe(true);
    });

    it('refuses a swap that names another version', async () => {
      const anchor = await open();
      expect(await anchor.compareAndSwap('"0123456789abcdef0123456789abcdef"', head(1))).toBe(false);
      await anchor.compareAndSwap(undefined, head(1));
      const first = (await anchor.read())?.version;
      expect(await anchor.compareAndSwap(first, head(2))).toBe(true);
      expect(await anchor.compareAndSwap(undefined, head(9))).toBe(false);
      expect(await anchor.compareAndSwap(first, head(9))).toBe(false);
      expect((await anchor.read())?.size).toBe(2n);
    });

    it('lets exactly one of many concurrent swaps win', async () => {
      const anchors = await Promise.all(Array.from({ length: 8 }, () => open()));
      for (let round = 0; round < 10; round++) {
        const version = (await anchors[0]?.read())?.version;
        const wins = await Promise.all(
          anchors.map((anchor, i) => anchor.compareAndSwap(version, head(round * 8 + i))),
        );
        expect(wins.filter(Boolean)).toHaveLength(1);
        expect((await anchors[0]?.read())?.size).toBe(BigInt(round * 8 + wins.indexOf(true)));
      }
    });

    it('refuses an object that somebody else wrote', async () => {
      const anchor = await open();
      const client = new AwsClient({ ...bucket.settings, service: 's3' });
      for (const body of ['', 'x'.repeat(10_000), '{"size":"1"}']) {
        await client.fetch(`${bucket.settings.url}/${name}`, { method: 'PUT', body });
        await expect(anchor.read()).rejects.toMatchObject({ code: 'ANCHOR' });
      }
    });

    it('is unavailable, not empty, without its bucket or its rights', async () => {
      const elsewhere = { ...bucket.settings, url: bucket.settings.url.replace('anchors', 'nowhere') };
      const stranger = { ...bucket.settings, secretAccessKey: 'wrong horse' };
      for (const settings of [elsewhere, stranger]) {
        const anchor = new S3Anchor(settings, name, TIMEOUT_MS);
        await expect(anchor.read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
        await expect(anchor.compareAndSwap(undefined, head(1))).rejects.toMatchObject({
          code: 'UNAVAILABLE',
        });
      }
    });

    it('is unavailable while the server hangs, and usable afterwards', async () => {
      const anchor = await open(200);
      bucket.signal('SIGSTOP');
      await expect(anchor.read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      bucket.signal('SIGCONT');
      expect(await (await open()).compareAndSwap(undefined, head(1))).toBe(true);
    });

    describe('under a log', () => {
      let postgres: TestPostgres;
      let folder: { path: string; remove(): Promise<void> };
      let replicas: Replica[] = [];

      beforeAll(async () => {
        postgres = await startTestPostgres();
        folder = await temporaryDirectory();
      }, 60_000);

      afterAll(async () => {
        for (const replica of replicas) await replica.close();
        await folder?.remove();
        await postgres?.stop();
      });

      it('two replicas write one tree', async () => {
        const { serviceUrl: databaseUrl } = await postgres.createDatabase();
        const start = async (): Promise<Replica> =>
          openReplica({ databaseUrl, anchorDirectory: folder.path, name, anchor: await open() });
        replicas = [await start(), await start()];
        const results = await Promise.all(
          replicas.flatMap(({ log }, r) =>
            Array.from({ length: 50 }, (_, i) => log.sequencer.submit(submission(`${r} ${i}`))),
          ),
        );
        expect(new Set(results.map(({ index }) => index)).size).toBe(100);
        expect((await (await open()).read())?.size).toBe(100n);
        expect(replicas.flatMap(({ observed }) => [...observed.failures, ...observed.refusals])).toEqual([]);
      }, 60_000);
    });
  },
);

describe('S3Anchor', () => {
  let server: Server | undefined;

  afterEach(async () => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  async function serve(status: number, headers: Record<string, string> = {}): Promise<S3Settings> {
    server = createServer((_request, response) => response.writeHead(status, headers).end()).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/b`, region: 'r', accessKeyId: 'a', secretAccessKey: 's' };
  }

  it('refuses storage that heeds no conditions', async () => {
    await expect(S3Anchor.open(await serve(200), 'log', TIMEOUT_MS)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: /does not heed/,
    });
  });

  it('follows no redirect, since its requests are signed', async () => {
    const anchor = new S3Anchor(await serve(307, { location: 'http://127.0.0.1:1/' }), 'log', TIMEOUT_MS);
    await expect(anchor.read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([500, 503, 403, 429])('is unavailable when the storage answers %s', async (status) => {
    const anchor = new S3Anchor(await serve(status), 'log', TIMEOUT_MS);
    await expect(anchor.read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(anchor.compareAndSwap(undefined, head(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is unavailable when nobody listens', async () => {
    const settings = { url: 'http://127.0.0.1:1/b', region: 'r', accessKeyId: 'a', secretAccessKey: 's' };
    await expect(S3Anchor.open(settings, 'log', TIMEOUT_MS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
