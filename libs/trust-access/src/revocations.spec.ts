import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateKeySigner } from '@sigstead/crypto';
import { signRevocationList } from '@sigstead/revocation';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Revocations, type RevocationsOptions, type RevocationsSpec } from './revocations.ts';
import { recordingLog } from './testonly/material.ts';

const signer = PrivateKeySigner.generate('P-256');
const NOON = new Date('2026-06-01T12:00:00Z');
const hours = (count: number): Date => new Date(NOON.getTime() + count * 3_600_000);

const list = (sequence: number, key = signer): Promise<Uint8Array> =>
  signRevocationList({ sequence, issuedAt: NOON, nextUpdate: hours(24), revocations: [] }, key);

let folder: string;
let file: string;
let publicKeyFile: string;
let now: Date;
let opened: Revocations[];
let log: ReturnType<typeof recordingLog>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'revocations-'));
  file = join(folder, 'list.json');
  publicKeyFile = join(folder, 'revocation.pub');
  await writeFile(publicKeyFile, signer.publicKey.toPem());
  await writeFile(file, await list(5));
  now = NOON;
  opened = [];
  log = recordingLog();
});
afterEach(async () => {
  await Promise.all(opened.map((revocations) => revocations.close()));
  await rm(folder, { recursive: true });
});

async function open(
  spec: Partial<RevocationsSpec> = {},
  options: Partial<RevocationsOptions> = {},
): Promise<Revocations> {
  const revocations = await Revocations.open(
    { source: { file }, publicKeyFile, whenStale: 'require', ...spec },
    { clock: () => now, fetch, cacheDirectory: join(folder, 'cache'), log, ...options },
  );
  opened.push(revocations);
  return revocations;
}

describe('a list of revocations', () => {
  it('is read at the start', async () => {
    const revocations = await open();
    expect(revocations.current()?.sequence).toBe(5);
    expect(revocations.status()).toEqual({
      sequence: 5,
      fresh: true,
      nextUpdate: hours(24),
      fault: undefined,
    });
    expect(log.lines).toEqual([expect.stringMatching(/^info: list of revocations in use .*"sequence":5/)]);
  });

  it('is replaced by a newer one, and the version with it', async () => {
    const revocations = await open();
    const { version } = revocations;
    await revocations.refresh();
    expect(revocations.version).toBe(version);
    await writeFile(file, await list(6));
    await revocations.refresh();
    expect([revocations.current()?.sequence, revocations.version === version]).toEqual([6, false]);
  });

  it.each(['in this process', 'after a restart'])('is not replaced by an older one, %s', async (when) => {
    const first = await open();
    await writeFile(file, await list(4));
    const revocations = when === 'after a restart' ? await open() : first;
    await revocations.refresh();
    expect(revocations.current()?.sequence).toBe(5);
    expect(revocations.status().fault?.reason).toBe(
      'list has the sequence 4, and one with 5 was seen before',
    );
  });

  it.each<[string, () => Promise<Uint8Array | string | undefined>, RegExp]>([
    ['absent', async () => undefined, /cannot be read \(ENOENT\)/],
    ['no list', async () => '{}', /payload/],
    ['signed by another key', () => list(6, PrivateKeySigner.generate('P-256')), /signed by key/],
    ['too large', async () => 'x'.repeat(24 * 1024 * 1024 + 1), /larger than/],
  ])('that is %s leaves the last one', async (_, content, reason) => {
    const revocations = await open();
    await rm(file);
    const written = await content();
    if (written !== undefined) await writeFile(file, written);
    await revocations.refresh();
    await revocations.refresh();
    expect(revocations.current()?.sequence).toBe(5);
    expect(revocations.status().fault?.reason).toMatch(reason);
    expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    await writeFile(file, await list(6));
    await revocations.refresh();
    expect(revocations.status()).toMatchObject({ sequence: 6, fault: undefined });
  });

  it('of the future is not taken', async () => {
    now = hours(-1);
    const revocations = await open();
    expect(() => revocations.current()).toThrow(/list was made at 2026-06-01T12:00:00Z/);
  });

  it('needs a key that is one', async () => {
    await writeFile(publicKeyFile, 'no key');
    await expect(open()).rejects.toMatchObject({ name: 'TrustAccessError', code: 'CONFIG' });
    await rm(publicKeyFile);
    await expect(open()).rejects.toMatchObject({ code: 'CONFIG', message: /ENOENT/ });
  });
});

describe('a list that is no longer fresh', () => {
  it('stops verification where it is required', async () => {
    const revocations = await open();
    now = hours(24);
    expect(revocations.status()).toMatchObject({ sequence: 5, fresh: false });
    expect(() => revocations.current()).toThrow(
      expect.objectContaining({
        code: 'NO_REVOCATIONS',
        message: 'what is revoked is not known: the list was good until 2026-06-02T12:00:00.000Z',
      }),
    );
  });

  it('still counts where a warning is enough', async () => {
    const revocations = await open({ whenStale: 'warn' });
    now = hours(24);
    await revocations.refresh();
    expect([revocations.current()?.sequence, revocations.status().fresh]).toEqual([5, false]);
  });

  it('is no list at all where there never was one', async () => {
    await rm(file);
    expect((await open({ whenStale: 'warn' })).current()).toBeUndefined();
    const required = await open();
    expect(() => required.current()).toThrow(/what is revoked is not known: .*ENOENT/);
  });
});

describe('a list behind a URL', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: Uint8Array };
  let asked: number;
  beforeEach(async () => {
    answer = { status: 200, body: await list(5) };
    asked = 0;
    server = createServer((_, response) => {
      asked++;
      response.writeHead(answer.status, { location: '/elsewhere' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ca/revocations`;
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  it('is fetched', async () => {
    expect((await open({ source: { url } })).current()?.sequence).toBe(5);
  });

  it.each([302, 404, 500])('is not there when the answer is %i', async (status) => {
    answer = { ...answer, status };
    const revocations = await open({ source: { url } });
    expect(() => revocations.current()).toThrow(new RegExp(`answered ${status}`));
  });

  it('is used from what was kept while the service is down, as long as it is fresh', async () => {
    await open({ source: { url } });
    answer = { ...answer, status: 503 };
    const revocations = await open({ source: { url } });
    expect(revocations.current()?.sequence).toBe(5);
    now = hours(25);
    expect(() => revocations.current()).toThrow(/answered 503/);
  });

  it('is not dialled for where nothing may be', async () => {
    await open({ source: { url } });
    asked = 0;
    const revocations = await open({ source: { url } }, { offline: true });
    expect([revocations.current()?.sequence, asked]).toEqual([5, 0]);
    const nothing = await open({ source: { url } }, { offline: true, cacheDirectory: undefined });
    expect(() => nothing.current()).toThrow(/there is no list yet/);
  });

  it('is asked for again by itself', async () => {
    const again = new Promise<void>((resolve) => server.on('request', () => asked > 1 && resolve()));
    await open({ source: { url } }, { refreshEveryMs: 5 });
    await again;
  });
});
