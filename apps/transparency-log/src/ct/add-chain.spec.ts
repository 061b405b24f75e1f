import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { concatBytes, decodeBase64, derSequence, encodeBase64 } from '@sigstead/encoding';
import { Certificate, oids, verifyDetachedSct, verifyPrecertificateSct } from '@sigstead/x509';
import { CtStage, expectRefusal, ok, sctOf } from '../testonly/ct-stage.ts';
import { codeSigning, extension, poison, signOddLeaf, type OddLeaf } from '../testonly/odd-certificates.ts';
import { runSql } from '../testonly/postgres.ts';
import type { RunningService } from '../testonly/service.ts';
import type { AddChainResponse } from './ct-log.ts';

const stage = new CtStage();
let other: RunningService;

beforeAll(async () => {
  await stage.start();
  other = await stage.addReplica();
}, 60_000);

afterAll(() => stage.stop());

const leaf = (parts?: OddLeaf): Promise<Uint8Array> =>
  signOddLeaf(stage.authority.intermediate, stage.authority.signer, parts);

async function add(der: Uint8Array, url = stage.url): Promise<AddChainResponse> {
  const response = await stage.submit('add-chain', [der, stage.authority.intermediate.raw], url);
  return (await ok(response)) as AddChainResponse;
}

async function treeSize(): Promise<number> {
  return (await stage.getJson<{ tree_size: number }>('ct/v1/get-sth')).tree_size;
}

describe('add-chain', () => {
  it('gives an SCT over the certificate that verifies, under both paths, with the root or without', async () => {
    const { intermediate, root } = stage.authority;
    for (const prefix of [stage.prefix, '']) {
      for (const issuers of [[intermediate], [intermediate, root]]) {
        const certificate = await leaf();
        const chain = [certificate, ...issuers.map(({ raw }) => raw)].map(encodeBase64);
        const response = await fetch(`${stage.url}${prefix}/ct/v1/add-chain`, {
          method: 'POST',
          body: JSON.stringify({ chain }),
        });
        const answer = (await ok(response)) as AddChainResponse;
        expect(Object.keys(answer)).toEqual(['sct_version', 'id', 'timestamp', 'extensions', 'signature']);
        expect([answer.sct_version, typeof answer.timestamp]).toEqual([0, 'number']);
        expect(decodeBase64(answer.id)).toEqual(stage.installation.ctKey.keyId);
        verifyDetachedSct(Certificate.parse(certificate), sctOf(answer), stage.installation.ctKey);
      }
    }
  });

  it('answers a duplicate with the first time and index, at any replica, and logs nothing', async () => {
    const certificate = await leaf();
    const first = await add(certificate);
    const size = await treeSize();
    for (const url of [stage.url, other.url]) {
      const again = await add(certificate, url);
      expect([again.timestamp, again.extensions]).toEqual([first.timestamp, first.extensions]);
      verifyDetachedSct(Certificate.parse(certificate), sctOf(again), stage.installation.ctKey);
    }
    expect(await treeSize()).toBe(size);
  });

  it('answers one certificate sent many times at once with one time and index', async () => {
    const certificate = await leaf();
    const size = await treeSize();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => add(certificate, i % 2 === 0 ? stage.url : other.url)),
    );
    expect(new Set(answers.map(({ timestamp, extensions }) => `${timestamp} ${extensions}`)).size).toBe(1);
    expect(await treeSize()).toBe(size + 1);
  });

  it('logs a certificate and its precertificate as two entries', async () => {
    const { intermediate } = stage.authority;
    const precertificate = await leaf({ extensions: [codeSigning, poison] });
    const size = await treeSize();
    const chain = [precertificate, intermediate.raw];
    const answer = (await ok(await stage.submit('add-pre-chain', chain))) as AddChainResponse;
    verifyPrecertificateSct(
      Certificate.parse(precertificate),
      intermediate,
      sctOf(answer),
      stage.installation.ctKey,
    );
    await add(await leaf());
    expect(await treeSize()).toBe(size + 2);
  });

  it('takes only what belongs there, and nothing of the rest is logged', async () => {
    const { intermediate } = stage.authority;
    const size = await treeSize();
    const precertificate = await leaf({ extensions: [codeSigning, poison] });
    const final = await leaf();
    await expectRefusal(
      await stage.submit('add-chain', [precertificate, intermediate.raw]),
      400,
      /is a precertificate, want add-pre-chain/,
    );
    await expectRefusal(await stage.submit('add-pre-chain', [final, intermediate.raw]), 400, /has no poison/);
    const twice = await leaf({ extensions: [codeSigning, poison, poison] });
    for (const endpoint of ['add-chain', 'add-pre-chain'] as const)
      await expectRefusal(await stage.submit(endpoint, [twice, intermediate.raw]), 400, /stands twice/);
    expect(await treeSize()).toBe(size);
  });

  it.each([
    '',
    '{',
    'null',
    '{}',
    '{"chain":[]}',
    '{"chain":[{}]}',
    '{"chain":["AAAA","AAAA"]}',
    '{"chain":["\\u0000"]}',
  ])('refuses %s as add-pre-chain does', async (body) => {
    for (const endpoint of ['add-chain', 'add-pre-chain'])
      await expectRefusal(await stage.post(endpoint, body), 400, /./);
  });

  it('refuses more than 512 KiB with 413, and reads less', async () => {
    const body = (length: number): string => `{"chain":["${'A'.repeat(length - 14)}"]}`;
    for (const endpoint of ['add-chain', 'add-pre-chain']) {
      await expectRefusal(await stage.post(endpoint, body(512 * 1024 + 1)), 413, /524288/);
      await expectRefusal(await stage.post(endpoint, body(512 * 1024)), 400, /./);
    }
  });

  it('unpacks nothing', async () => {
    const chain = [await leaf(), stage.authority.intermediate.raw].map(encodeBase64);
    const body = gzipSync(JSON.stringify({ chain }));
    for (const headers of [{ 'content-encoding': 'gzip' }, {}]) {
      const response = await fetch(`${stage.url}${stage.prefix}/ct/v1/add-chain`, {
        method: 'POST',
        headers,
        body,
      });
      await expectRefusal(response, 400, /malformed/);
    }
  });

  it('is answered to POST alone', async () => {
    for (const endpoint of ['add-chain', 'add-pre-chain']) {
      const response = await stage.get(`ct/v1/${endpoint}`);
      expect(response.headers.get('allow')).toBe('POST');
      await expectRefusal(response, 405, /want POST/);
    }
  });
});

describe('a certificate of a wrong shape', () => {
  it('is refused and never a failure: endless, nested, cut, with bytes behind it', async () => {
    const { intermediate, root } = stage.authority;
    const sound = await leaf();
    let deep = derSequence();
    for (let i = 0; i < 2_000; i++) deep = derSequence(deep);
    const chains: readonly Uint8Array[][] = [
      [deep, intermediate.raw],
      [await leaf({ spki: deep }), intermediate.raw],
      [await leaf({ extensions: [extension('2.5.29.37', deep)] }), intermediate.raw],
      [
        await leaf({ extensions: [codeSigning, extension('1.2.3', new Uint8Array(66_000))] }),
        intermediate.raw,
      ],
      [sound.subarray(0, -1), intermediate.raw],
      [concatBytes(sound, Uint8Array.of(0)), intermediate.raw],
      [sound, concatBytes(intermediate.raw, Uint8Array.of(0))],
      [sound, new Uint8Array(0)],
      [new Uint8Array(0), intermediate.raw],
      [sound, sound, intermediate.raw],
      [root.raw],
      Array.from({ length: 8 }, () => root.raw),
    ];
    for (const chain of chains) {
      for (const endpoint of ['add-chain', 'add-pre-chain'] as const)
        await expectRefusal(await stage.submit(endpoint, chain), 400, /./);
    }
  });

  it('but for its key, which the log does not use, is logged as it is', async () => {
    const { spki } = stage.authority.intermediate;
    const infinity = derSequence(spki.subarray(2, 23), Uint8Array.of(3, 2, 0, 0));
    const certificate = await leaf({ spki: infinity });
    verifyDetachedSct(
      Certificate.parse(certificate),
      sctOf(await add(certificate)),
      stage.installation.ctKey,
    );
  });
});

describe('a stored entry', () => {
  it('that is not of the certificate submitted gets no SCT', async () => {
    const [certificate, another] = [await leaf(), await leaf()];
    const { extensions } = await add(another);
    const index = Buffer.from(extensions, 'base64').readUIntBE(3, 5);
    const identity = Buffer.from(
      await crypto.subtle.digest('SHA-256', Uint8Array.from(certificate)),
    ).toString('hex');
    await runSql(
      stage.database.ownerUrl,
      `INSERT INTO tlog.ident SELECT log_id, '\\x${identity}', ${index} FROM tlog.ident JOIN tlog.log ON id = log_id WHERE kind = 'ct' LIMIT 1`,
    );
    const response = await stage.submit('add-chain', [certificate, stage.authority.intermediate.raw]);
    await expectRefusal(response, 500, /internal error/);
  });
});

describe('times', () => {
  it('only grow, at two replicas whose clocks are apart and step back', async () => {
    let now = Date.now();
    const slow = await stage.addReplica(() => new Date((now -= 5_000)));
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) {
      const certificate = await leaf();
      const { timestamp } = await add(certificate, i % 2 === 0 ? stage.url : slow.url);
      const sth = await stage.getJson<{ timestamp: number }>('ct/v1/get-sth', slow.url);
      expect(sth.timestamp).toBeGreaterThanOrEqual(timestamp);
      seen.push(timestamp);
    }
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });

  it('of heads only grow at one replica, though its clock steps back', async () => {
    const clocks = [Date.now() + 60_000, Date.now(), Date.now() - 60_000, Date.now() + 120_000].values();
    let now = 0;
    const unsteady = await stage.addReplica(() => new Date(now));
    let before = 0;
    for (now of clocks) {
      const { timestamp } = await stage.getJson<{ timestamp: number }>('ct/v1/get-sth', unsteady.url);
      expect(timestamp).toBeGreaterThanOrEqual(before);
      before = timestamp;
      await add(await leaf());
      const grown = await stage.getJson<{ timestamp: number }>('ct/v1/get-sth', unsteady.url);
      expect(grown.timestamp).toBeGreaterThan(before);
      before = grown.timestamp;
    }
  });
});

describe('usages of TLS', () => {
  it('are refused where code signing is wanted', async () => {
    const extensions = [
      extension('2.5.29.37', derSequence(Uint8Array.from([6, 8, 43, 6, 1, 5, 5, 7, 3, 1]))),
    ];
    const response = await stage.submit('add-chain', [
      await leaf({ extensions }),
      stage.authority.intermediate.raw,
    ]);
    await expectRefusal(response, 400, new RegExp(`\\[${oids.serverAuth}\\]`));
  });
});
