import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { bundleFormat } from '@sigstead/tiles';
import { ctTileFormat, noteKeyOf, noteSigner, noteVerifierOf, signCheckpointNote } from '@sigstead/tlog';
import { readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LogError } from '../errors.ts';
import { CtStage } from '../testonly/ct-stage.ts';
import { temporaryDirectory } from '../testonly/engine.ts';
import { filesOf, pathsOf, verifyServed } from '../testonly/exported-log.ts';
import { hashedRekordRequest } from '../testonly/rekor-v2-requests.ts';
import { ORIGIN, RekorV2Stage } from '../testonly/rekor-v2-stage.ts';
import { DirectoryTarget } from './directory-target.ts';
import { exportLog, type ExportReport } from './export-log.ts';
import type { ExportTarget } from './export-target.ts';
import { openExportSource, type OpenedSource } from './open-export-source.ts';

let folder: { path: string; remove(): Promise<void> };
let directory: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  directory = join(folder.path, 'export');
});

afterEach(() => folder.remove());

/** Exports to the directory, as far as the target lets it. */
async function run(
  opened: OpenedSource,
  wrap: (target: ExportTarget) => ExportTarget = (target) => target,
): Promise<ExportReport> {
  const target = await DirectoryTarget.open(directory);
  try {
    return await exportLog(opened.source, wrap(target), { workers: 4 });
  } finally {
    await target.close();
  }
}

/** A target that fails after so many writes, as if the process had been killed there. */
function endingAfter(writes: number): (target: ExportTarget) => ExportTarget {
  let left = writes;
  const spend = <T>(write: () => Promise<T>): Promise<T> =>
    left-- > 0 ? write() : Promise.reject(new LogError('UNAVAILABLE', 'killed'));
  return (target) => ({
    readCheckpoint: () => target.readCheckpoint(),
    has: (path) => target.has(path),
    put: (path, bytes) => spend(() => target.put(path, bytes)),
    replaceCheckpoint: (expected, next) => spend(() => target.replaceCheckpoint(expected, next)),
    close: () => target.close(),
  });
}

describe('export of a Rekor v2 log', () => {
  const OTHER = 'log2026-2.rekor.test';
  const stage = new RekorV2Stage({ logs: [{ origin: OTHER }, { origin: ORIGIN }] });
  let opened: OpenedSource;
  let size = 0;

  const open = (origin: string): Promise<OpenedSource> =>
    openExportSource(
      {
        databaseUrl: stage.database.serviceUrl,
        logsFile: stage.logsFile,
        anchors: { directory: stage.anchorDirectory },
        maxBodyBytes: 1024,
      },
      `rekor-v2-${origin}`,
      () => new Date(),
    );

  async function grow(by: number): Promise<void> {
    const names = Array.from({ length: by }, (_, i) => `artifact ${size + i}`);
    await Promise.all(names.map(async (name) => stage.create(await hashedRekordRequest(name))));
    size += by;
  }

  const verify = () =>
    verifyServed(filesOf(directory), noteVerifierOf(ORIGIN, stage.keyOf(ORIGIN)), bundleFormat());

  beforeAll(async () => {
    await stage.start();
    opened = await open(ORIGIN);
  }, 60_000);

  afterAll(async () => {
    await opened?.close();
    await stage.stop();
  });

  it('of the empty log is its checkpoint', async () => {
    expect(await run(opened)).toEqual({ from: 0n, size: 0n, written: 0, found: 0 });
    expect(await pathsOf(directory)).toEqual(['checkpoint']);
    expect(await verify()).toEqual({ size: 0n, discrepancies: [] });
  });

  it('has every file of the log, and later only adds what has come', async () => {
    await grow(300);
    expect(await run(opened)).toEqual({ from: 0n, size: 300n, written: 5, found: 0 });
    const before = [
      'checkpoint',
      'tile/0/000',
      'tile/0/001.p/44',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/44',
    ];
    expect(await pathsOf(directory)).toEqual(before);
    expect(await verify()).toEqual({ size: 300n, discrepancies: [] });
    const full = await stat(join(directory, 'tile/entries/000'));
    await grow(250);
    expect(await run(opened)).toEqual({ from: 300n, size: 550n, written: 5, found: 0 });
    expect(await pathsOf(directory)).toEqual(
      [
        ...before,
        'tile/0/001',
        'tile/0/002.p/38',
        'tile/1/000.p/2',
        'tile/entries/001',
        'tile/entries/002.p/38',
      ].sort(),
    );
    expect((await stat(join(directory, 'tile/entries/000'))).ino).toBe(full.ino);
    expect(await verify()).toEqual({ size: 550n, discrepancies: [] });
    expect(await run(opened)).toEqual({ from: 550n, size: 550n, written: 0, found: 0 });
  }, 60_000);

  it('serves the same bytes as the service', async () => {
    await run(opened);
    for (const path of await pathsOf(directory)) {
      const response = await stage.get(`/${path}`, { 'accept-encoding': 'identity' });
      expect(Buffer.from(await response.arrayBuffer()).equals(await readFile(join(directory, path)))).toBe(
        true,
      );
    }
  });

  it('that is cut off is what it was before', async () => {
    await run(opened);
    const before = await verify();
    await grow(10);
    await expect(run(opened, endingAfter(2))).rejects.toMatchObject({ message: 'killed' });
    expect(await verify()).toEqual(before);
    expect(await run(opened)).toMatchObject({ from: before.size, size: BigInt(size), found: 2 });
    expect(await verify()).toEqual({ size: BigInt(size), discrepancies: [] });
  }, 60_000);

  it('that is cut off anywhere goes on where it was', async () => {
    const { written } = await run(opened);
    for (let writes = 0; writes < written; writes++) {
      await rm(directory, { recursive: true });
      await expect(run(opened, endingAfter(writes))).rejects.toMatchObject({ message: 'killed' });
      expect(await pathsOf(directory)).not.toContain('checkpoint');
      expect(await run(opened)).toMatchObject({ written: written - writes, found: writes });
      expect(await verify()).toEqual({ size: BigInt(size), discrepancies: [] });
    }
  }, 60_000);

  it('does not mix logs', async () => {
    const other = await open(OTHER);
    try {
      await run(opened);
      await expect(run(other)).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: `the export is of log ${ORIGIN}, not of ${OTHER}`,
      });
    } finally {
      await other.close();
    }
    expect(await verify()).toEqual({ size: BigInt(size), discrepancies: [] });
  });

  it('refuses an export that is ahead, of another tree, or no export', async () => {
    const stranger = PrivateKeySigner.generate('Ed25519');
    const noteOf = (at: number) =>
      signCheckpointNote({ origin: ORIGIN, size: BigInt(at), rootHash: new Uint8Array(32), extensions: [] }, [
        noteSigner(ORIGIN, stranger),
      ]);
    await run(opened);
    for (const [note, message] of [
      [await noteOf(size + 1), /it is ahead$/],
      [await noteOf(size), /it is another tree$/],
      [await noteOf(1), /at size 1, the log /],
      ['not a checkpoint\n', /the checkpoint of the export is none/],
    ] as const) {
      await writeFile(join(directory, 'checkpoint'), note);
      await expect(run(opened)).rejects.toMatchObject({ code: 'CONFIGURATION', message });
      expect(await readFile(join(directory, 'checkpoint'), 'utf8')).toBe(note);
    }
  });

  it('of two at once leaves one the checkpoint', async () => {
    await run(opened);
    const old = await readFile(join(directory, 'checkpoint'), 'utf8');
    await grow(1);
    const slow = run(opened, (target) => ({
      readCheckpoint: () => target.readCheckpoint(),
      has: (path) => target.has(path),
      put: async (path, bytes) => {
        await writeFile(join(directory, 'checkpoint'), `${old}— other.example AAAAAAA=\n`);
        await target.put(path, bytes);
      },
      replaceCheckpoint: (expected, next) => target.replaceCheckpoint(expected, next),
      close: () => target.close(),
    }));
    await expect(slow).rejects.toMatchObject({ code: 'CONFIGURATION', message: /another export/ });
  });

  it('makes a lost file again once the checkpoint is taken away', async () => {
    await run(opened);
    await unlink(join(directory, 'tile/0/000'));
    expect((await verify()).discrepancies).toEqual([{ path: 'tile/0/000', message: 'is missing' }]);
    await unlink(join(directory, 'checkpoint'));
    expect(await run(opened)).toMatchObject({ written: 1 });
    expect((await verify()).discrepancies).toEqual([]);
  });

  it('is not there for a log that is not configured', async () => {
    await expect(open('nowhere.test')).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: /there is no log/,
    });
  });
});

describe('export of a certificate-transparency log', () => {
  const stage = new CtStage();
  let opened: OpenedSource;

  const verify = () =>
    verifyServed(
      filesOf(directory),
      noteKeyOf('rfc6962', opened.source.origin, stage.installation.ctKey),
      ctTileFormat({ risingTimes: true }),
    );

  beforeAll(async () => {
    await stage.start();
    await Promise.all(Array.from({ length: 20 }, () => stage.logged()));
    opened = await openExportSource(
      {
        databaseUrl: stage.database.serviceUrl,
        logsFile: stage.installation.logsFile,
        anchors: { directory: stage.installation.anchorDirectory },
        maxBodyBytes: 1024,
      },
      'ct-2026',
      () => new Date(),
    );
  }, 60_000);

  afterAll(async () => {
    await opened?.close();
    await stage.stop();
  });

  it('has data tiles, tiles and issuers', async () => {
    expect(await run(opened)).toEqual({ from: 0n, size: 20n, written: 4, found: 0 });
    expect(await pathsOf(directory)).toEqual([
      'checkpoint',
      expect.stringMatching(/^issuer\/[0-9a-f]{64}$/),
      expect.stringMatching(/^issuer\/[0-9a-f]{64}$/),
      'tile/0/000.p/20',
      'tile/data/000.p/20',
    ]);
    expect(await verify()).toEqual({ size: 20n, discrepancies: [] });
  });

  it('has the issuers of every bundle it has, wherever it was cut off', async () => {
    for (let writes = 0; writes < 4; writes++) {
      await rm(directory, { recursive: true, force: true });
      await expect(run(opened, endingAfter(writes))).rejects.toMatchObject({ message: 'killed' });
      const paths = await pathsOf(directory);
      const issuers = paths.filter((path) => path.startsWith('issuer/')).length;
      if (paths.includes('tile/data/000.p/20')) expect(issuers).toBe(2);
      await run(opened);
      expect(await verify()).toEqual({ size: 20n, discrepancies: [] });
    }
  });

  it('serves the same bytes as the service', async () => {
    await run(opened);
    for (const path of (await pathsOf(directory)).filter((each) => each !== 'checkpoint')) {
      const response = await stage.get(path, { 'accept-encoding': 'identity' });
      expect(Buffer.from(await response.arrayBuffer()).equals(await readFile(join(directory, path)))).toBe(
        true,
      );
    }
  });

  it('does not take a rekor-v1 log', async () => {
    const config = {
      databaseUrl: stage.database.serviceUrl,
      logsFile: stage.installation.logsFile,
      anchors: { directory: stage.installation.anchorDirectory },
      maxBodyBytes: 1024,
    };
    await expect(
      openExportSource(config, 'rekor-v1-1193050959916656506', () => new Date()),
    ).rejects.toMatchObject({ code: 'CONFIGURATION', message: /no log .* with tiles/ });
  });
});
