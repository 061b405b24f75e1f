import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256, verifyMessage } from '@sigstead/crypto';
import { concatBytes, decodeBase64, encodeBase64, tlsU64 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { parseDataTileEntry, parseLeafIndex, encodeMerkleTreeLeaf } from '@sigstead/tlog';
import { POISON_EXTENSION, verifyPrecertificateSct, type Certificate } from '@sigstead/x509';
import type { AddChainResponse } from './ct-log.ts';
import { makeAuthority, type TestAuthority } from '../testonly/authority.ts';
import { sctOf } from '../testonly/ct-stage.ts';
import { runSql, startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { install, startService, type Installation, type RunningService } from '../testonly/service.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let authority: TestAuthority;
let installation: Installation;
let running: RunningService;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = await postgres.createDatabase();
  authority = await makeAuthority();
  installation = await install(authority);
  running = await startService(installation, database.serviceUrl);
}, 60_000);

afterAll(async () => {
  await running?.service.close();
  await installation?.remove();
  await postgres?.stop();
});

const PATH = '/ctlog/2026/ct/v1/add-pre-chain';

function post(body: string | Uint8Array, path = PATH): Promise<Response> {
  return fetch(`${running.url}${path}`, { method: 'POST', body: Buffer.from(body) });
}

function submit(chain: readonly Certificate[], path = PATH): Promise<Response> {
  return post(JSON.stringify({ chain: chain.map(({ raw }) => encodeBase64(raw)) }), path);
}

async function expectRefusal(
  response: Response,
  status: number,
  statusText: string,
  detail: RegExp,
): Promise<void> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(text.split('\n')[0]).toBe(statusText);
  expect(text).toMatch(detail);
}

async function accepted(response: Response): Promise<AddChainResponse> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status: 200 });
  return JSON.parse(text) as AddChainResponse;
}

describe('add-pre-chain', () => {
  it('gives an SCT that verifies, with the root sent or left out, under both paths', async () => {
    const { root, intermediate } = authority;
    const chains = [[intermediate, root], [intermediate]];
    for (const [path, issuers] of [PATH, '/ct/v1/add-pre-chain'].flatMap((each) =>
      chains.map((chain) => [each, chain] as const),
    )) {
      const precertificate = await authority.issue();
      const response = await accepted(await submit([precertificate, ...issuers], path));
      expect(response.sct_version).toBe(0);
      verifyPrecertificateSct(precertificate, intermediate, sctOf(response), installation.ctKey);
    }
  });

  it('answers a duplicate with the first one’s time and index', async () => {
    const precertificate = await authority.issue();
    const first = await accepted(await submit([precertificate, authority.intermediate]));
    const again = await accepted(await submit([precertificate, authority.intermediate, authority.root]));
    expect([again.timestamp, again.extensions]).toEqual([first.timestamp, first.extensions]);
    verifyPrecertificateSct(precertificate, authority.intermediate, sctOf(again), installation.ctKey);
  });

  it('logs what it signed: the leaf is under the tree, the issuers are kept', async () => {
    const precertificate = await authority.issue();
    const response = await accepted(await submit([precertificate, authority.intermediate]));
    const index = parseLeafIndex(decodeBase64(response.extensions)) as bigint;
    const [chunk] = await runSql(
      database.ownerUrl,
      `SELECT n, entries, leaf_hashes FROM tlog.chunk JOIN tlog.log ON id = log_id WHERE kind = 'ct' AND first_index = ${index}`,
    );
    const entry = parseDataTileEntry((chunk?.['entries'] as Buffer).subarray(4));
    expect(Buffer.from(hashLeaf(encodeMerkleTreeLeaf(entry))).equals(chunk?.['leaf_hashes'] as Buffer)).toBe(
      true,
    );
    expect(entry.timestampMs).toBe(BigInt(response.timestamp));
    expect(Buffer.compare(entry.precertificate ?? new Uint8Array(), precertificate.raw)).toBe(0);
    const issuers = await runSql(database.ownerUrl, 'SELECT sha256 FROM tlog.issuer ORDER BY sha256');
    const want = [authority.root, authority.intermediate]
      .map(({ raw }) => Buffer.from(sha256(raw)).toString('hex'))
      .sort();
    expect(issuers.map((row) => (row['sha256'] as Buffer).toString('hex'))).toEqual(want);
    expect(entry.chainFingerprints).toHaveLength(2);
  });

  it('gives many at once each a time and an index of its own', async () => {
    const precertificates = await Promise.all(Array.from({ length: 30 }, () => authority.issue()));
    const responses = await Promise.all(
      precertificates.map(async (each) => accepted(await submit([each, authority.intermediate]))),
    );
    responses.forEach((response, i) =>
      verifyPrecertificateSct(
        precertificates[i] as Certificate,
        authority.intermediate,
        sctOf(response),
        installation.ctKey,
      ),
    );
    expect(new Set(responses.map(({ extensions }) => extensions)).size).toBe(30);
    expect(new Set(responses.map(({ timestamp }) => timestamp)).size).toBe(30);
  });

  it('refuses a certificate without the poison, or with one that is not critical', async () => {
    const list = { oid: '1.3.6.1.4.1.11129.2.4.2', critical: false, value: Uint8Array.of(4, 0) };
    const final = await authority.issue(list);
    await expectRefusal(await submit([final, authority.intermediate]), 400, 'Bad Request', /no poison/);
    const lax = await authority.issue({ ...POISON_EXTENSION, critical: false });
    await expectRefusal(await submit([lax, authority.intermediate]), 400, 'Bad Request', /not critical/);
  });

  it('refuses a chain to a root it does not know', async () => {
    const stranger = await makeAuthority();
    const precertificate = await stranger.issue();
    await expectRefusal(
      await submit([precertificate, stranger.intermediate, stranger.root]),
      400,
      'Bad Request',
      /./,
    );
    // Same names, other keys: the names lead to our root, the signatures do not.
    await expectRefusal(
      await submit([precertificate, stranger.intermediate]),
      400,
      'Bad Request',
      /chain does not hold/,
    );
  });

  it('refuses a precertificate that its issuer did not sign', async () => {
    const stranger = await makeAuthority();
    const precertificate = await stranger.issue();
    await expectRefusal(
      await submit([precertificate, authority.intermediate]),
      400,
      'Bad Request',
      /chain does not hold/,
    );
  });

  it('refuses a chain with a certificate too many, or the precertificate alone', async () => {
    const precertificate = await authority.issue();
    const { root, intermediate } = authority;
    await expectRefusal(
      await submit([precertificate, precertificate, intermediate, root]),
      400,
      'Bad Request',
      /./,
    );
    await expectRefusal(await submit([precertificate, intermediate, intermediate]), 400, 'Bad Request', /./);
    await expectRefusal(await submit([precertificate]), 400, 'Bad Request', /./);
    await expectRefusal(await submit([root, root]), 400, 'Bad Request', /no poison/);
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"chain":null}',
    '{"chain":[]}',
    '{"chain":[1]}',
    '{"chain":["*"]}',
    '{"chain":["AAAA"]}',
    '{"chain":{"0":"AAAA"}}',
    '{"__proto__":{"chain":["AAAA"]}}',
    '[[[[[[]]]]]]',
  ])('refuses %s', async (body) => {
    await expectRefusal(await post(body), 400, 'Bad Request', /\n./);
  });

  it('refuses nine certificates unread', async () => {
    const chain = Array.from({ length: 9 }, () => 'AAAA');
    await expectRefusal(await post(JSON.stringify({ chain })), 400, 'Bad Request', /9 certificates/);
  });

  it('refuses a certificate with any byte cut off or flipped', async () => {
    const { raw } = await authority.issue();
    for (const at of [0, 1, 2, 5, 20, 60, raw.length >> 1, raw.length - 1]) {
      const flipped = Uint8Array.from(raw);
      flipped[at] = (flipped[at] as number) ^ 0x01;
      for (const bytes of [raw.subarray(0, at), flipped]) {
        const body = JSON.stringify({ chain: [bytes, authority.intermediate.raw].map(encodeBase64) });
        await expectRefusal(await post(body), 400, 'Bad Request', /./);
      }
    }
  });

  it('answers 413, 405 and 404 in its own shape', async () => {
    await expectRefusal(await post('x'.repeat(64 * 1024 + 1)), 413, 'Payload Too Large', /65536/);
    await expectRefusal(await fetch(`${running.url}${PATH}`), 405, 'Method Not Allowed', /POST/);
    await expectRefusal(await post('{}', '/ctlog/1999/ct/v1/add-pre-chain'), 404, 'Not Found', /no such log/);
    await expectRefusal(await post('{}', '/ctlog/2026/ct/v1/add-nothing'), 404, 'Not Found', /no such path/);
  });
});

describe('reads', () => {
  it('get-roots gives the configured roots', async () => {
    const response = await fetch(`${running.url}/ctlog/2026/ct/v1/get-roots`);
    expect(await response.json()).toEqual({ certificates: [encodeBase64(authority.root.raw)] });
  });

  it('get-sth gives a signed head that is no older than its entries', async () => {
    const { timestamp } = await accepted(await submit([await authority.issue(), authority.intermediate]));
    const response = await fetch(`${running.url}/ct/v1/get-sth`);
    const sth = (await response.json()) as Record<string, string | number>;
    expect(Number(sth['timestamp'])).toBeGreaterThanOrEqual(timestamp);
    const root = decodeBase64(String(sth['sha256_root_hash']));
    const signature = decodeBase64(String(sth['tree_head_signature']));
    const signed = concatBytes(
      Uint8Array.of(0, 1),
      tlsU64(BigInt(sth['timestamp'] as number)),
      tlsU64(BigInt(sth['tree_size'] as number)),
      root,
    );
    expect([...signature.subarray(0, 2)]).toEqual([4, 3]);
    expect(verifyMessage(installation.ctKey, 'sha256', signed, signature.subarray(4))).toBe(true);
  });
});
