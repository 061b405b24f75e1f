import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { concatBytes } from '@sigstead/encoding';
import { bundleFormat, encodeEntryBundle } from '@sigstead/tiles';
import { noteSigner, noteVerifierOf, signCheckpointNote } from '@sigstead/tlog';
import { PrivateKeySigner } from '@sigstead/crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsClient } from 'aws4fetch';
import type { S3Settings } from '../anchor/s3-anchor.ts';
import { openReplica, submission, temporaryDirectory, type Replica } from '../testonly/engine.ts';
import { verifyServed } from '../testonly/exported-log.ts';
import { hasMinio, startMinio, type TestBucket } from '../testonly/minio.ts';
import { startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';
import { BucketTarget } from './bucket-target.ts';
import { exportLog, type ExportSource } from './export-log.ts';

const ORIGIN = 'bucket.example';

(hasMinio() ? describe : describe.skip)(
  'BucketTarget on MinIO (skipped unless minio or SIGSTEAD_MINIO is there)',
  () => {
    let bucket: TestBucket;
    let exports = 0;
    let settings: S3Settings;

    beforeAll(async () => {
      bucket = await startMinio();
    }, 60_000);

    afterAll(() => bucket?.stop());

    beforeEach(() => {
      settings = { ...bucket.settings, url: `${bucket.settings.url}/log-${++exports}/` };
    });

    const get = (path: string): Promise<Response> =>
      new AwsClient({ ...settings, service: 's3' }).fetch(`${settings.url}${path}`);

    it('has what was put, with the headers it is to be served with', async () => {
      const target = new BucketTarget(settings);
      const path = 'tile/entries/x001/234.p/17';
      expect(await target.has(path)).toBe(false);
      await target.put(path, Uint8Array.of(1, 2));
      expect(await target.has(path)).toBe(true);
      const tile = await get(path);
      expect([...new Uint8Array(await tile.arrayBuffer())]).toEqual([1, 2]);
      expect(tile.headers.get('content-type')).toBe('application/octet-stream');
      expect(tile.headers.get('cache-control')).toBe('public, max-age=604800, immutable');
      await target.put('issuer/00', Uint8Array.of(3));
      expect((await get('issuer/00')).headers.get('content-type')).toBe('application/pkix-cert');
    });

    it('never overwrites what is there', async () => {
      const target = new BucketTarget(settings);
      await target.put('tile/0/000', Uint8Array.of(1));
      await target.put('tile/0/000', Uint8Array.of(2));
      expect([...new Uint8Array(await (await get('tile/0/000')).arrayBuffer())]).toEqual([1]);
    });

    it('replaces the checkpoint that was read, and no other', async () => {
      const [first, second] = [new BucketTarget(settings), new BucketTarget(settings)];
      expect(await first.readCheckpoint()).toBeUndefined();
      expect(await second.readCheckpoint()).toBeUndefined();
      expect(await first.replaceCheckpoint(undefined, 'one')).toBe(true);
      expect(await second.replaceCheckpoint(undefined, 'two')).toBe(false);
      expect(await second.readCheckpoint()).toBe('one');
      expect(await first.readCheckpoint()).toBe('one');
      expect(await second.replaceCheckpoint('one', 'two')).toBe(true);
      expect(await first.replaceCheckpoint('one', 'three')).toBe(false);
      const checkpoint = await get('checkpoint');
      expect(await checkpoint.text()).toBe('two');
      expect(checkpoint.headers.get('cache-control')).toBe('no-cache');
      expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    });

    it('is unavailable, not empty, without its bucket or its rights', async () => {
      const elsewhere = { ...settings, url: settings.url.replace('anchors', 'nowhere') };
      const stranger = { ...settings, secretAccessKey: 'wrong horse' };
      for (const wrong of [elsewhere, stranger]) {
        const target = new BucketTarget(wrong);
        await expect(target.readCheckpoint()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
        await expect(target.put('tile/0/000', new Uint8Array(1))).rejects.toMatchObject({
          code: 'UNAVAILABLE',
        });
      }
    });

    describe('under a log', () => {
      const signer = PrivateKeySigner.generate('Ed25519');
      let postgres: TestPostgres;
      let folder: { path: string; remove(): Promise<void> };
      let replica: Replica;

      beforeAll(async () => {
        postgres = await startTestPostgres();
        folder = await temporaryDirectory();
        const { serviceUrl: databaseUrl } = await postgres.createDatabase();
        replica = await openReplica({ databaseUrl, anchorDirectory: folder.path });
      }, 60_000);

      afterAll(async () => {
        await replica?.close();
        await folder?.remove();
        await postgres?.stop();
      });

      it('becomes what fsck finds sound, and stays so as the log grows', async () => {
        const { publication, reader } = replica.log;
        const source: ExportSource = {
          origin: ORIGIN,
          format: { level: 'entries', encode: encodeEntryBundle },
          reader,
          checkpoint: async () => {
            const { size, root: rootHash } = await publication.head();
            return signCheckpointNote({ origin: ORIGIN, size, rootHash, extensions: [] }, [
              noteSigner(ORIGIN, signer),
            ]);
          },
          rootAt: async () => (await publication.head()).root,
          references: () => Promise.resolve(new Map([['issuer/shared', concatBytes(Uint8Array.of(7))]])),
        };
        const grow = (from: number, to: number): Promise<unknown> =>
          Promise.all(
            Array.from({ length: to - from }, (_, i) =>
              replica.log.sequencer.submit(submission(`entry ${from + i}`)),
            ),
          );
        const fetchResource = async (path: string): Promise<Uint8Array | undefined> => {
          const response = await get(path);
          return response.status === 200 ? new Uint8Array(await response.arrayBuffer()) : undefined;
        };
        const key = noteVerifierOf(ORIGIN, signer.publicKey);
        await grow(0, 700);
        expect(await exportLog(source, new BucketTarget(settings), { workers: 4 })).toMatchObject({
          size: 700n,
          found: 0,
        });
        const verified = await verifyServed(fetchResource, key, bundleFormat());
        expect(verified).toEqual({ size: 700n, discrepancies: [] });
        expect(await exportLog(source, new BucketTarget(settings), { workers: 4 })).toMatchObject({
          from: 700n,
          written: 0,
        });
      }, 60_000);
    });
  },
);

describe('BucketTarget', () => {
  let server: Server | undefined;
  let asked: string[];

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  async function serve(...statuses: number[]): Promise<BucketTarget> {
    asked = [];
    server = createServer((request, response) => {
      request.resume();
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(statuses[asked.length - 1] ?? 200, { location: 'http://127.0.0.1:1/' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new BucketTarget({
      url: `http://127.0.0.1:${port}/b/log/`,
      region: 'r',
      accessKeyId: 'a',
      secretAccessKey: 's',
    });
  }

  it('tries again after an answer that may pass', async () => {
    const target = await serve(503, 500);
    await target.put('tile/0/000', new Uint8Array(8192));
    expect(asked).toEqual(Array.from({ length: 3 }, () => 'PUT /b/log/tile/0/000'));
  });

  it.each([301, 307, 400, 403])('is unavailable when the storage answers %s', async (status) => {
    const target = await serve(...Array.from({ length: 9 }, () => status));
    await expect(target.has('tile/0/000')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(target.put('tile/0/000', new Uint8Array(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(target.replaceCheckpoint(undefined, 'note')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(target.readCheckpoint()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is unavailable when nobody listens', async () => {
    const target = new BucketTarget({
      url: 'http://127.0.0.1:1/b',
      region: 'r',
      accessKeyId: 'a',
      secretAccessKey: 's',
    });
    await expect(target.readCheckpoint()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
