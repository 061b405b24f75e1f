import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeBase64, encodeHex } from '@sigstead/encoding';
import { EMPTY_ROOT, hashLeaf, rootOfLeaves } from '@sigstead/merkle';
import { formatTilePath } from '@sigstead/tiles';
import {
  encodeMerkleTreeLeaf,
  noteKeyOf,
  noteVerifierOf,
  parseDataTile,
  parseSignedNote,
  rfc6962SignatureTime,
  verifyCheckpointNote,
  verifyTreeHead,
} from '@sigstead/tlog';
import type { AddChainResponse } from './ct-log.ts';
import { CtStage, expectRefusal } from '../testonly/ct-stage.ts';
import type { SignedTreeHeadJson } from './tree-heads.ts';

const ORIGIN = 'ct.example.com/ctlog/2026';
const stage = new CtStage();
const additional = PrivateKeySigner.generate('Ed25519');
const answers: AddChainResponse[] = [];
const ENTRIES = 7;

beforeAll(async () => {
  await stage.start({
    settings: { origin: ORIGIN, additionalKeyFile: 'additional.pem' },
    prepare: ({ directory }) =>
      writeFile(join(directory, 'additional.pem'), additional.toEncryptedPem('correct horse')),
  });
  const empty = await checkpoint();
  expect(empty.checkpoint).toEqual({ origin: ORIGIN, size: 0n, rootHash: EMPTY_ROOT, extensions: [] });
  for (let i = 0; i < ENTRIES; i++) answers.push((await stage.logged()).answer);
}, 60_000);

afterAll(() => stage.stop());

async function checkpoint() {
  const response = await stage.get('checkpoint');
  expect(response.status).toBe(200);
  const text = await response.text();
  const key = noteKeyOf('rfc6962', ORIGIN, stage.installation.ctKey);
  return { response, text, checkpoint: verifyCheckpointNote(text, key) };
}

async function bytes(path: string, headers = {}): Promise<Uint8Array> {
  const response = await stage.get(path, headers);
  expect([path, response.status]).toEqual([path, 200]);
  return new Uint8Array(await response.arrayBuffer());
}

describe('checkpoint', () => {
  it('is signed as the tree head that get-sth gives, and is not to be kept', async () => {
    const { response, text, checkpoint: head } = await checkpoint();
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('etag')).toBeNull();
    const sth = await stage.getJson<SignedTreeHeadJson>('ct/v1/get-sth');
    expect([BigInt(sth.tree_size), decodeBase64(sth.sha256_root_hash)]).toEqual([head.size, head.rootHash]);
    const [line] = parseSignedNote(text).signatures;
    const timestampMs = rfc6962SignatureTime(line?.signature as Uint8Array) as bigint;
    expect(timestampMs).toBeGreaterThanOrEqual(BigInt((answers.at(-1) as AddChainResponse).timestamp));
    // The signature behind the eight bytes of time is one of get-sth, bit for bit of the same form.
    const { size, rootHash } = head;
    const signed = (line?.signature as Uint8Array).subarray(8);
    expect(verifyTreeHead({ timestampMs, size, rootHash }, signed, stage.installation.ctKey)).toBe(true);
  });

  it('has the key hint of the origin, the type 5 and the log ID', async () => {
    const { text } = await checkpoint();
    const logId = createHash('sha256').update(stage.installation.ctKey.spki).digest();
    const hint = createHash('sha256').update(`${ORIGIN}\n`).update(Uint8Array.of(5)).update(logId).digest();
    const [line] = parseSignedNote(text).signatures;
    expect([line?.name, encodeHex(line?.keyHint as Uint8Array)]).toEqual([
      ORIGIN,
      hint.toString('hex', 0, 4),
    ]);
  });

  it('is signed by the additional key as well, for witnesses, after the log’s own', async () => {
    const { text } = await checkpoint();
    expect(parseSignedNote(text).signatures).toHaveLength(2);
    expect(verifyCheckpointNote(text, noteVerifierOf(ORIGIN, additional.publicKey)).size).toBe(
      BigInt(ENTRIES),
    );
  });
});

describe('tiles', () => {
  it('give the leaves whose root the checkpoint has, and the entries that make them', async () => {
    const { checkpoint: head } = await checkpoint();
    const tile = await bytes(`tile/0/000.p/${ENTRIES}`);
    const leaves = Array.from({ length: ENTRIES }, (_, i) => tile.subarray(32 * i, 32 * i + 32));
    expect(rootOfLeaves(leaves)).toEqual(head.rootHash);
    const entries = parseDataTile(await bytes(`tile/data/000.p/${ENTRIES}`));
    expect(entries.map((entry) => hashLeaf(encodeMerkleTreeLeaf(entry)))).toEqual(leaves);
    expect(entries.map(({ timestampMs }) => Number(timestampMs))).toEqual(
      answers.map((each) => each.timestamp),
    );
  });

  it('are there in every width up to the published one, for ever', async () => {
    const widest = await bytes(`tile/data/000.p/${ENTRIES}`);
    for (let width = 1; width <= ENTRIES; width++) {
      const path = formatTilePath({ level: 'data', n: 0n, width });
      const part = await bytes(path);
      expect(parseDataTile(part)).toHaveLength(width);
      expect(part).toEqual(widest.subarray(0, part.length));
    }
    const response = await stage.get(`tile/0/000.p/${ENTRIES}`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('cache-control')).toMatch(/max-age=604800, immutable/);
  });

  it('come compressed to those who take it', async () => {
    // fetch would unpack it.
    const { request } = await import('node:http');
    const body = await new Promise<Buffer>((resolve, reject) => {
      const options = { headers: { 'accept-encoding': 'gzip' } };
      request(`${stage.url}${stage.prefix}/tile/data/000.p/1`, options, (answer) => {
        expect(answer.headers['content-encoding']).toBe('gzip');
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve(Buffer.concat(chunks)));
      })
        .on('error', reject)
        .end();
    });
    const plain = await bytes('tile/data/000.p/1', { 'accept-encoding': 'identity' });
    expect(Buffer.compare(gunzipSync(body), plain)).toBe(0);
  });

  it.each([
    'tile/0/000',
    'tile/data/000',
    `tile/0/000.p/${ENTRIES + 1}`,
    'tile/1/000.p/1',
    'tile/0/001.p/1',
    'tile/0/999',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/0',
    'tile/00/000.p/1',
    'tile/64/000.p/1',
    'tile/-1/000.p/1',
    'tile/data/000.p/01',
    'tile/data/x000/000.p/1',
    'tile/entries/000.p/1',
    'tile/0/000.p/1/2',
    'tile/x/tile/0/000.p/1',
    'tile/tile/0/000.p/1',
    'tile/0/%30%30%30.p/1',
    'tile/0/..%2f000.p/1',
    'tile/',
    'tile/data',
    'issuer/',
    'nothing',
  ])('are not at %s', async (path) => {
    await expectRefusal(await stage.get(path), 404, /./);
  });

  it('are read only', async () => {
    for (const path of ['checkpoint', 'tile/0/000.p/1', `issuer/${'0'.repeat(64)}`]) {
      const response = await fetch(`${stage.url}${stage.prefix}/${path}`, { method: 'POST', body: 'x' });
      await expectRefusal(response, 405, /want GET/);
    }
  });

  it('are those of the shard asked for', async () => {
    for (const path of ['checkpoint', 'tile/0/000.p/1', `issuer/${'0'.repeat(64)}`]) {
      await expectRefusal(await fetch(`${stage.url}/ctlog/1999/${path}`), 404, /no such log/);
    }
  });
});

describe('issuers', () => {
  it('are found by their hash, all that entries refer to, and may be kept for ever', async () => {
    const entries = parseDataTile(await bytes(`tile/data/000.p/${ENTRIES}`));
    const wanted = new Set(entries.flatMap((entry) => entry.chainFingerprints.map(encodeHex)));
    expect(wanted.size).toBe(2);
    for (const fingerprint of wanted) {
      const response = await stage.get(`issuer/${fingerprint}`);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/pkix-cert']);
      expect(response.headers.get('cache-control')).toMatch(/immutable/);
      const der = Buffer.from(await response.arrayBuffer());
      expect(createHash('sha256').update(der).digest('hex')).toBe(fingerprint);
    }
    const { raw } = stage.authority.intermediate;
    expect(wanted).toContain(createHash('sha256').update(raw).digest('hex'));
  });

  it.each([
    ['nobody’s', '0'.repeat(64)],
    ['in capitals', 'A'.repeat(64)],
    ['too short', '0'.repeat(63)],
    ['too long', '0'.repeat(65)],
    ['no hex', 'g'.repeat(64)],
    ['a path', '..%2f..%2fcheckpoint'],
    ['without end', '0'.repeat(1000)],
  ])('are not at a hash that is %s', async (_, fingerprint) => {
    const response = await stage.get(`issuer/${fingerprint}`);
    expect(response.headers.get('cache-control') ?? '').not.toMatch(/immutable/);
    await expectRefusal(response, 404, /./);
  });
});
