import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { verifyInclusion } from '@sigstead/merkle';
import { decodeBase64, decodeHex } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { LogEntryJson } from './rekor/log-entry-json.ts';
import { auditLog } from './testonly/audit.ts';
import { makeAuthority } from './testonly/authority.ts';
import { hashedRekord } from './testonly/entries.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from './testonly/postgres.ts';
import {
  install,
  startService,
  TREE_ID,
  type Installation,
  type RunningService,
} from './testonly/service.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let installation: Installation;
let service: RunningService;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  database = await postgres.createDatabase();
  installation = await install(await makeAuthority());
  service = await startService(installation, database.serviceUrl);
});

afterEach(async () => {
  await service.service.close();
  await installation.remove();
});

async function post(artifact: string, to = service): Promise<Response> {
  return fetch(`${to.url}/api/v1/log/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await hashedRekord(artifact)),
  });
}

async function readiness(of = service): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${of.url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

/** Copies the files of the stopped server, owners included. */
const copy = (from: string, to: string): Promise<unknown> =>
  promisify(execFile)('sh', ['-c', 'rm -rf "$2" && cp -a "$1" "$2"', 'sh', from, to]);

describe('a database that stops like a crash, under load', () => {
  it('and comes back is used again without a restart of the service; nothing acknowledged is lost', async () => {
    const acknowledged: LogEntryJson[] = [];
    const statuses = new Map<number, number>();
    let done = false;
    const writers = Array.from({ length: 12 }, async (_, writer) => {
      for (let i = 0; !done; i++) {
        const answer = await post(`crash ${writer} ${i}`);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status === 201) acknowledged.push((await answer.json()) as LogEntryJson);
        else await delay(10);
      }
    });
    for (let stop = 0; stop < 3; stop++) {
      await delay(200 + Math.random() * 100);
      await postgres.restart('immediate');
    }
    await until(async () => (await readiness()).status === 200);
    const before = acknowledged.length;
    await until(() => Promise.resolve(acknowledged.length > before + 12));
    done = true;
    await Promise.all(writers);
    // 409: stored before the crash, and not acknowledged then.
    expect([...statuses.keys()].filter((status) => ![201, 409, 503].includes(status))).toEqual([]);
    const { entries } = await auditLog(database.ownerUrl, `rekor-v1-${TREE_ID}`);
    for (const entry of acknowledged.flatMap((answer) => Object.values(answer))) {
      const body = decodeBase64(entry.body);
      expect(entries[entry.logIndex]).toBe(Buffer.from(body).toString());
      const { logIndex, treeSize, hashes, rootHash } = entry.verification.inclusionProof;
      const proof = hashes.map(decodeHex);
      verifyInclusion(BigInt(logIndex), BigInt(treeSize), hashLeaf(body), proof, decodeHex(rootHash));
    }
  }, 60_000);
});

describe('a database restored from an older copy', () => {
  it('shuts the log, running or started anew, until the right one is back', async () => {
    for (const artifact of ['a', 'b']) expect((await post(artifact)).status).toBe(201);
    let older = '';
    await postgres.restart('fast', (data) => copy(data, (older = `${data}-older`)));
    await until(async () => (await readiness()).status === 200);
    expect((await post('c')).status).toBe(201);
    let newer = '';
    await postgres.restart('fast', async (data) => {
      await copy(data, (newer = `${data}-newer`));
      await copy(older, data);
    });
    // The running service is told by its readiness, before anybody writes.
    await until(async () => (await readiness()).text.includes('signs nothing'));
    expect(await readiness()).toMatchObject({
      status: 503,
      text: expect.stringMatching(/no tree head of size 3, which was published/) as unknown,
    });
    const again = await startService(installation, database.serviceUrl);
    for (const each of [service, again]) {
      const refused = [
        await post('d', each),
        await fetch(`${each.url}/api/v1/log`),
        await fetch(`${each.url}/api/v1/log/entries?logIndex=0`),
      ];
      for (const answer of refused) {
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, null]);
        expect(await answer.text()).toMatch(/signs nothing until it is restarted/);
      }
      expect((await readiness(each)).status).toBe(503);
      expect((await fetch(`${each.url}/api/v1/log/publicKey`)).status).toBe(200);
    }
    expect((await readiness(again)).text).toMatch(/behind the anchor: it has 2 entries, 3 were published/);
    await again.service.close();
    expect((await auditLog(database.ownerUrl, `rekor-v1-${TREE_ID}`)).size).toBe(2);
    await postgres.restart('fast', (data) => copy(newer, data));
    // Restarted, as the message asks for.
    await service.service.close();
    service = await startService(installation, database.serviceUrl);
    expect((await post('d')).status).toBe(201);
    expect((await auditLog(database.ownerUrl, `rekor-v1-${TREE_ID}`)).size).toBe(4);
  }, 60_000);
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}
