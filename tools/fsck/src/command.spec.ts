import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { concatBytes, decodeUtf8, encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { formatVerifierKey, issuerPath } from '@sigstead/tlog';
import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runFsck } from './command.ts';
import {
  CT_TIME,
  ISSUER,
  makeCtLog,
  makeTlog,
  ORIGIN,
  rekorV2Entries,
  writeLog,
  type MadeLog,
} from './testonly/made-log.ts';

let directory: string;
let server: Server | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-fsck-'));
});

function stopServer(): void {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
}

afterEach(async () => {
  stopServer();
  await rm(directory, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly results: string[];
  readonly notes: string[];
}

async function run(...argv: string[]): Promise<Ended> {
  const results: string[] = [];
  const notes: string[] = [];
  const code = await runFsck(argv, {
    result: (line) => void results.push(line),
    note: (line) => void notes.push(line),
  });
  return { code, results, notes };
}

const vkeyOf = ({ signer }: MadeLog): string => formatVerifierKey(ORIGIN, signer.publicKey);
const ctKeyOf = ({ signer }: MadeLog): string => formatVerifierKey(ORIGIN, signer.publicKey, 'rfc6962');

async function runOn(log: MadeLog, ...options: string[]): Promise<Ended> {
  await writeLog(log, directory);
  return run(directory, '--public-key', vkeyOf(log), ...options);
}

async function runOnCt(log: MadeLog): Promise<Ended> {
  await writeLog(log, directory);
  return run(directory, '--public-key', ctKeyOf(log), '--kind', 'ct');
}

describe('fsck of a sound log', () => {
  it.each([0, 1, 255, 256, 257])('of %s entries ends with 0, for each kind', async (size) => {
    const rekor = await makeTlog(rekorV2Entries(size));
    for (const kind of ['tlog', 'rekor-v2']) {
      const { code, results } = await runOn(rekor, '--kind', kind);
      expect({ code, results }).toEqual({
        code: 0,
        results: [
          expect.stringMatching(
            `^sound: ${ORIGIN}, ${size} of ${size} entries in ${Math.ceil(size / 256)} bundles`,
          ),
        ],
      });
    }
    await rm(directory, { recursive: true });
    const { code, results } = await runOnCt(await makeCtLog(size));
    expect({ code, results }).toEqual({
      code: 0,
      results: [expect.stringMatching(`${Math.sign(size)} issuers`)],
    });
  });

  it('takes the key as a vkey, and from a file as vkey, PEM or base64 of its SPKI', async () => {
    const log = await makeTlog(rekorV2Entries(3), PrivateKeySigner.generate('P-256'));
    await writeLog(log, directory);
    const { publicKey } = log.signer;
    const file = join(directory, 'key');
    for (const text of [`${vkeyOf(log)}\n`, publicKey.toPem(), `${encodeBase64(publicKey.spki)}\n`]) {
      await writeFile(file, text);
      expect(await run(directory, '--origin', ORIGIN, '--public-key', file)).toMatchObject({
        code: 0,
        notes: [],
      });
    }
    expect(await run(directory, '--public-key', vkeyOf(log))).toMatchObject({ code: 0 });
  });

  it('takes a CT log’s key as PEM', async () => {
    const log = await makeCtLog(3);
    await writeLog(log, directory);
    const file = join(directory, 'key');
    await writeFile(file, log.signer.publicKey.toPem());
    const { code } = await run(directory, '--origin', ORIGIN, '--public-key', file, '--kind', 'ct');
    expect(code).toBe(0);
  });

  it('reads bundles that are kept compressed', async () => {
    const log = await makeTlog(rekorV2Entries(300));
    for (const [path, bytes] of log.resources)
      if (path.startsWith('tile/entries/')) log.resources.set(path, gzipSync(bytes));
    expect(await runOn(log)).toMatchObject({ code: 1 });
    expect(await runOn(log, '--compressed-bundles')).toMatchObject({ code: 0 });
    log.resources.set('tile/entries/000', encodeUtf8('no gzip'));
    expect(await runOn(log, '--compressed-bundles')).toMatchObject({ code: 1 });
  });
});

describe('fsck of a broken log', () => {
  const changed = async (
    log: MadeLog,
    path: string,
    change: (bytes: Uint8Array) => Uint8Array,
  ): Promise<Ended> => {
    log.resources.set(path, change(Uint8Array.from(log.resources.get(path) as Uint8Array)));
    return path.startsWith('tile/data') || path.startsWith('issuer')
      ? runOnCt(log)
      : runOn(log, '--kind', 'rekor-v2');
  };
  const flipLast = (bytes: Uint8Array): Uint8Array => bytes.with(-1, (bytes.at(-1) as number) ^ 1);

  it.each([
    ['a wrong tile hash', 'tile/0/000', flipLast, /^broken: tile\/0\/000 hash 255, of entry 255, is/],
    [
      'a wrong upper hash',
      'tile/1/000.p/1',
      flipLast,
      /^broken: tile\/1\/000.p\/1 hash 0, of tile 0 of level 0/,
    ],
    [
      'a truncated bundle',
      'tile/entries/001.p/4',
      (bytes: Uint8Array) => bytes.subarray(0, -1),
      /^broken: tile\/entries\/001.p\/4 bundle of/,
    ],
    [
      'an entry that is no JSON',
      'tile/entries/001.p/4',
      flipLast,
      /^broken: tile\/entries\/001.p\/4 entry 259: /,
    ],
  ])('ends with 1 and tells of %s', async (_what, path, change, message) => {
    const { code, results } = await changed(await makeTlog(rekorV2Entries(260)), path, change);
    expect([code, results[0]]).toEqual([1, expect.stringMatching(message)]);
    expect(results.at(-1)).toMatch(/^broken: log\.example, looked at 260 of 260 entries/);
  });

  it('tells of an entry that is valid and another one', async () => {
    const entries = rekorV2Entries(260);
    const log = await makeTlog(entries);
    const path = 'tile/entries/001.p/4';
    const text = decodeUtf8(log.resources.get(path) as Uint8Array).replace('"n":258', '"n":268');
    const { code, results } = await changed(log, path, () => encodeUtf8(text));
    expect(code).toBe(1);
    expect(results.map((line) => line.split(' ').slice(1, 4).join(' '))).toEqual([
      'tile/0/001.p/4 hash 2,',
      'checkpoint root hash',
      'log.example, looked at',
    ]);
  });

  it('tells of an entry that is none of Rekor v2', async () => {
    const entry = encodeUtf8('{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}');
    const log = await makeTlog([entry]);
    expect(await runOn(log)).toMatchObject({ code: 0 });
    const { code, results } = await runOn(log, '--kind', 'rekor-v2');
    expect([code, results[0]]).toEqual([
      1,
      'broken: tile/entries/000.p/1 entry 0: hashedrekord 0.0.1 is no entry of Rekor v2',
    ]);
  });

  it('tells of a missing partial tile', async () => {
    const log = await makeTlog(rekorV2Entries(260));
    await writeLog(log, directory);
    await unlink(join(directory, 'tile/0/001.p/4'));
    expect(await run(directory, '--public-key', vkeyOf(log))).toMatchObject({
      code: 1,
      results: ['broken: tile/0/001.p/4 is missing', expect.stringMatching(/looked at/)],
    });
  });

  it('tells of a checkpoint that is missing, of another origin, of another key, or changed', async () => {
    const log = await makeTlog(rekorV2Entries(2));
    await writeLog(log, directory);
    const { publicKey } = log.signer;
    const expectBroken = async (vkey: string, message: RegExp): Promise<void> => {
      const { code, results } = await run(directory, '--public-key', vkey);
      expect({ code, results }).toEqual({ code: 1, results: [expect.stringMatching(message)] });
    };
    await expectBroken(
      formatVerifierKey('other.example', publicKey),
      /^broken: checkpoint none of 1 signatures/,
    );
    const stranger = PrivateKeySigner.generate('Ed25519').publicKey;
    await expectBroken(formatVerifierKey(ORIGIN, stranger), /^broken: checkpoint none of 1 signatures/);
    const checkpoint = join(directory, 'checkpoint');
    const note = await readFile(checkpoint, 'utf8');
    await writeFile(checkpoint, note.replace('\n2\n', '\n1\n'));
    await expectBroken(vkeyOf(log), /^broken: checkpoint note signature .* does not verify/);
    await writeFile(checkpoint, Uint8Array.of(0xff));
    await expectBroken(vkeyOf(log), /^broken: checkpoint text is not valid UTF-8/);
    await unlink(checkpoint);
    await expectBroken(vkeyOf(log), /^broken: checkpoint is missing/);
  });

  it('tells of a root that the key signed and the entries do not give', async () => {
    const log = await makeTlog(rekorV2Entries(3));
    const other = await makeTlog(rekorV2Entries(4).slice(1), log.signer);
    log.resources.set('checkpoint', other.resources.get('checkpoint') as Uint8Array);
    const { code, results } = await runOn(log);
    expect([code, results[0]]).toEqual([
      1,
      expect.stringMatching(/^broken: checkpoint root hash of 3 entries is/),
    ]);
  });

  it('tells of a CT log’s wrong issuer', async () => {
    const path = issuerPath(sha256(ISSUER));
    const { code, results } = await changed(await makeCtLog(3), path, () => encodeUtf8('another'));
    expect([code, results]).toEqual([
      1,
      [
        expect.stringMatching(/^broken: issuer\/[0-9a-f]{64} has the SHA-256/),
        expect.stringMatching(/looked at/),
      ],
    ]);
  });

  it('tells of a CT log’s entry at another index', async () => {
    const log = await makeCtLog(300);
    const first = log.resources.get('tile/data/000') as Uint8Array;
    const { length } = (await makeCtLog(1)).resources.get('tile/data/000.p/1') as Uint8Array;
    const { code, results } = await changed(log, 'tile/data/001.p/44', (bytes) =>
      concatBytes(first.subarray(0, length), bytes.subarray(length + 2)),
    );
    expect([code, results[0]]).toEqual([
      1,
      'broken: tile/data/001.p/44 entry 256: its extensions name leaf index 0',
    ]);
  });

  it('tells of a CT log’s entry that is newer than its checkpoint', async () => {
    const { code, results } = await runOnCt(await makeCtLog(3, CT_TIME + 1n));
    expect([code, results[0]]).toEqual([
      1,
      `broken: tile/data/000.p/3 entry 2: time ${CT_TIME + 2n} is after that of the tree head, ${CT_TIME + 1n}`,
    ]);
  });

  it('stops after as many discrepancies as it was told', async () => {
    const log = await makeTlog(rekorV2Entries(2000));
    for (const path of log.resources.keys())
      if (path.startsWith('tile/0/')) log.resources.set(path, new Uint8Array(9));
    const { code, results } = await runOn(log, '--max-discrepancies', '3', '--workers', '2');
    expect([code, results.length]).toEqual([1, 4]);
    expect(results[3]).toMatch('looked at 768 of 2000 entries');
  });
});

describe('fsck over HTTP', () => {
  async function serve(log: MadeLog, answer: (path: string, asked: number) => number): Promise<string> {
    let asked = 0;
    server = createServer((request, response) => {
      const path = (request.url as string).slice('/log/'.length);
      const status = answer(path, ++asked);
      const bytes = log.resources.get(path);
      if (status !== 200 || bytes === undefined)
        response.writeHead(status === 200 ? 404 : status, { 'retry-after': '0' }).end();
      else if (path.startsWith('tile/entries/'))
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes));
      else response.writeHead(200).end(bytes);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/log/`;
  }

  it('reads a log behind a prefix, compressed on the way', async () => {
    const log = await makeTlog(rekorV2Entries(600));
    const url = await serve(log, () => 200);
    expect(await run(url, '--public-key', vkeyOf(log))).toMatchObject({ code: 0, notes: [] });
  });

  it('asks again after 429 and 5xx', async () => {
    const log = await makeTlog(rekorV2Entries(600));
    const url = await serve(log, (_path, asked) => [200, 503, 429, 500][asked % 4] as number);
    expect(await run(url, '--public-key', vkeyOf(log), '--workers', '1')).toMatchObject({ code: 0 });
  });

  it('ends with 3, not 1, when the log cannot be read', async () => {
    const log = await makeTlog(rekorV2Entries(600));
    for (const status of [403, 503]) {
      const url = await serve(log, (path) => (path === 'tile/0/001' ? status : 200));
      expect(await run(url, '--public-key', vkeyOf(log))).toEqual({
        code: 3,
        results: [],
        notes: [`fsck: ${url}tile/0/001: HTTP status ${status}`],
      });
      stopServer();
    }
  });

  it('ends with 1 when the log has no such tile', async () => {
    const log = await makeTlog(rekorV2Entries(600));
    const url = await serve(log, (path) => (path === 'tile/0/001' ? 404 : 200));
    expect(await run(url, '--public-key', vkeyOf(log))).toMatchObject({ code: 1 });
  });
});

describe('fsck told wrong', () => {
  const vkey = formatVerifierKey(ORIGIN, PrivateKeySigner.generate('Ed25519').publicKey);

  it.each([
    ['nothing', []],
    ['no key', ['.']],
    ['two logs', ['.', '.', '--public-key', vkey]],
    ['an unknown option', ['.', '--public-key', vkey, '--fast']],
    ['an unknown kind', ['.', '--public-key', vkey, '--kind', 'rekor-v1']],
    ['no workers', ['.', '--public-key', vkey, '--workers', '0']],
    ['another origin than the vkey’s', ['.', '--public-key', vkey, '--origin', 'other.example']],
    ['a key file that is not there', ['.', '--public-key', '/nowhere', '--origin', ORIGIN]],
    ['a log that is not there', ['/nowhere', '--public-key', vkey]],
    ['a vkey whose hint is another’s', ['.', '--public-key', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')]],
  ])('%s ends with 2 and a reason', async (_what, argv) => {
    const { code, results, notes } = await run(...argv);
    expect({ code, results }).toEqual({ code: 2, results: [] });
    expect(notes.join('')).toMatch(/./);
  });

  it('a key without its origin, a private key or anything else in the key file ends with 2', async () => {
    const file = join(directory, 'key');
    const signer = PrivateKeySigner.generate('P-256');
    await writeFile(file, signer.publicKey.toPem());
    expect(await run(directory, '--public-key', file)).toMatchObject({ code: 2 });
    for (const text of [signer.toEncryptedPem('secret'), 'no key', '', concatBytes(Uint8Array.of(0xff))]) {
      await writeFile(file, text);
      expect(await run(directory, '--public-key', file, '--origin', ORIGIN)).toMatchObject({ code: 2 });
    }
  });

  it('--help ends with 0', async () => {
    const { code, results } = await run('--help');
    expect([code, results.join('')]).toEqual([0, expect.stringMatching(/--public-key/)]);
  });
});
