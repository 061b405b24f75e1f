import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeBase64 } from '@sigstead/encoding';
import { EMPTY_ROOT, verifyConsistency } from '@sigstead/merkle';
import { parseLeafIndex } from '@sigstead/tlog';
import type { Certificate } from '@sigstead/x509';
import { CtStage, expectRefusal, ok } from '../testonly/ct-stage.ts';
import { readLeaf, rootOfPath, verifySth } from '../testonly/ct-client.ts';
import { signOddLeaf } from '../testonly/odd-certificates.ts';
import type { AddChainResponse } from './ct-log.ts';
import type { ConsistencyJson, EntryAndProofJson, LeafJson, ProofByHashJson } from './ct-reader.ts';
import type { SignedTreeHeadJson } from './tree-heads.ts';

const stage = new CtStage();
const submitted: { readonly raw: Uint8Array; readonly answer: AddChainResponse }[] = [];
/** One after every entry, the empty tree first. */
const heads: SignedTreeHeadJson[] = [];
const ENTRIES = 9;
const BEYOND = '9007199254740992';
/** 32 bytes of zero. */
const ZERO = `${'A'.repeat(43)}%3D`;

beforeAll(async () => {
  await stage.start();
  heads.push(await sth());
  for (let i = 0; i < ENTRIES; i++) {
    if (i % 2 === 0) {
      const { certificate, answer } = await stage.logged();
      submitted.push({ raw: certificate.raw, answer });
    } else {
      const { intermediate, signer } = stage.authority;
      const raw = await signOddLeaf(intermediate, signer);
      const response = await stage.submit('add-chain', [raw, intermediate.raw]);
      submitted.push({ raw, answer: (await ok(response)) as AddChainResponse });
    }
    heads.push(await sth());
  }
}, 60_000);

afterAll(() => stage.stop());

const sth = (): Promise<SignedTreeHeadJson> => stage.getJson('ct/v1/get-sth');
const leaves = async (): Promise<LeafJson[]> =>
  (await stage.getJson<{ entries: LeafJson[] }>(`ct/v1/get-entries?start=0&end=${ENTRIES - 1}`)).entries;

describe('get-sth', () => {
  it('gives heads that verify and only grow, with numbers as numbers, not to be kept', async () => {
    for (const [i, head] of heads.entries()) {
      expect(verifySth(head, stage.installation.ctKey)).toBe(true);
      expect(head.tree_size).toBe(i);
      expect(typeof head.timestamp).toBe('number');
      const before = heads[i - 1];
      if (before !== undefined) expect(head.timestamp).toBeGreaterThan(before.timestamp);
    }
    expect(decodeBase64((heads[0] as SignedTreeHeadJson).sha256_root_hash)).toEqual(EMPTY_ROOT);
    const response = await stage.get('ct/v1/get-sth');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('etag')).toBeNull();
  });
});

describe('get-entries', () => {
  it('gives what was submitted, in the order of the SCTs, with its chain', async () => {
    const read = (await leaves()).map(readLeaf);
    const { intermediate, root } = stage.authority;
    expect(read).toHaveLength(ENTRIES);
    read.forEach((leaf, i) => {
      const { raw, answer } = submitted[i] as (typeof submitted)[number];
      expect([leaf.timestamp, leaf.extensions]).toEqual([
        answer.timestamp,
        Buffer.from(answer.extensions, 'base64'),
      ]);
      expect(parseLeafIndex(leaf.extensions)).toBe(BigInt(i));
      const isPrecertificate = i % 2 === 0;
      expect(leaf.type).toBe(isPrecertificate ? 'precertificate' : 'x509');
      expect(Buffer.compare(leaf.precertificate ?? leaf.signed, raw)).toBe(0);
      if (isPrecertificate) expect(leaf.issuerKeyHash).toEqual(Buffer.from(intermediate.spkiHash));
      expect(leaf.chain).toEqual([intermediate, root].map(({ raw: der }: Certificate) => Buffer.from(der)));
    });
  });

  it('gives a page from any start, and what there is when more is asked for', async () => {
    const all = await leaves();
    for (const [start, end, want] of [
      [0, 0, all.slice(0, 1)],
      [3, 5, all.slice(3, 6)],
      [ENTRIES - 1, ENTRIES + 1000, all.slice(-1)],
      [0, Number.MAX_SAFE_INTEGER, all],
    ] as const) {
      const page = await stage.getJson<{ entries: LeafJson[] }>(
        `ct/v1/get-entries?start=${start}&end=${end}`,
      );
      expect(page.entries).toEqual(want);
    }
  });

  it.each([
    ['', /start is required/],
    ['start=0', /end is required/],
    ['end=0', /start is required/],
    ['start=&end=1', /start is required/],
    ['start=1&end=0', /want start <= end/],
    ['start=-1&end=0', /start is "-1", want a decimal number/],
    ['start=0&end=x', /end is "x"/],
    ['start=0&end=1e3', /end is "1e3"/],
    ['start=0&end=0x1', /want a decimal number/],
    ['start=0&end=%2B1', /want a decimal number/],
    ['start=0.0&end=1', /want a decimal number/],
    [`start=0&end=${BEYOND}`, /want at most 9007199254740991/],
    ['start=0&start=1&end=2', /more than once/],
    ['start[]=0&end=2', /start is required/],
    [`start=${ENTRIES}&end=${ENTRIES}`, /the tree has 9 entries/],
    ['start=٣&end=4', /want a decimal number/],
  ])('refuses %s', async (query, reason) => {
    await expectRefusal(await stage.get(`ct/v1/get-entries?${query}`), 400, reason);
  });
});

describe('get-proof-by-hash', () => {
  it('proves every leaf in every tree that has it', async () => {
    for (const [index, leaf] of (await leaves()).map(readLeaf).entries()) {
      const hash = encodeURIComponent(leaf.leafHash.toString('base64'));
      for (let size = index + 1; size <= ENTRIES; size++) {
        const path = `ct/v1/get-proof-by-hash?hash=${hash}&tree_size=${size}`;
        const proof = await stage.getJson<ProofByHashJson>(path);
        expect(proof.leaf_index).toBe(index);
        const root = rootOfPath(index, size, leaf.leafHash, proof.audit_path).toString('base64');
        expect(root).toBe(heads[size]?.sha256_root_hash);
      }
    }
  }, 30_000);

  it.each([
    ['', 400, /hash is required/],
    ['hash=AAAA&tree_size=1', 400, /want base64 of 32 bytes/],
    [`hash=${ZERO.slice(0, 43)}&tree_size=1`, 400, /want base64 of 32 bytes/],
    [`hash=${'_'.repeat(43)}%3D&tree_size=1`, 400, /want base64 of 32 bytes/],
    [`hash=${ZERO}`, 400, /tree_size is required/],
    [`hash=${ZERO}&tree_size=0`, 400, /tree_size is 0/],
    [`hash=${ZERO}&tree_size=-1`, 400, /want a decimal number/],
    [`hash=${ZERO}&tree_size=${BEYOND}`, 400, /want at most/],
    [`hash=${ZERO}&tree_size=${ENTRIES + 1}`, 404, /the tree has 9 entries/],
    [`hash=${ZERO}&tree_size=${ENTRIES}`, 404, /no leaf of the tree/],
  ])('refuses %s', async (query, status, reason) => {
    const response = await stage.get(`ct/v1/get-proof-by-hash?${query}`);
    if (status === 404) expect(response.headers.get('cache-control')).toBe('no-store');
    await expectRefusal(response, status, reason);
  });

  it('refuses a leaf that the tree asked for does not have yet', async () => {
    const { leafHash } = readLeaf((await leaves())[5] as LeafJson);
    const hash = encodeURIComponent(leafHash.toString('base64'));
    await expectRefusal(await stage.get(`ct/v1/get-proof-by-hash?hash=${hash}&tree_size=5`), 404, /no leaf/);
  });
});

describe('get-sth-consistency', () => {
  it('proves every head to be a beginning of every later one', async () => {
    for (let first = 0; first <= ENTRIES; first++) {
      for (let second = first; second <= ENTRIES; second++) {
        const path = `ct/v1/get-sth-consistency?first=${first}&second=${second}`;
        const { consistency } = await stage.getJson<ConsistencyJson>(path);
        const rootOf = (size: number): Uint8Array =>
          decodeBase64((heads[size] as SignedTreeHeadJson).sha256_root_hash);
        verifyConsistency(
          BigInt(first),
          BigInt(second),
          consistency.map(decodeBase64),
          rootOf(first),
          rootOf(second),
        );
      }
    }
  }, 30_000);

  it.each([
    ['', /first is required/],
    ['first=1', /second is required/],
    ['first=2&second=1', /want first <= second/],
    ['first=-1&second=1', /want a decimal number/],
    ['first=a&second=1', /want a decimal number/],
    [`first=1&second=${BEYOND}`, /want at most/],
    [`first=1&second=${ENTRIES + 1}`, /the tree has 9 entries/],
    ['first=1&second=2&second=3', /more than once/],
  ])('refuses %s', async (query, reason) => {
    await expectRefusal(await stage.get(`ct/v1/get-sth-consistency?${query}`), 400, reason);
  });
});

describe('get-entry-and-proof', () => {
  it('gives the leaf of get-entries with a path to every tree that has it', async () => {
    for (const [index, leaf] of (await leaves()).entries()) {
      for (const size of [index + 1, ENTRIES]) {
        const path = `ct/v1/get-entry-and-proof?leaf_index=${index}&tree_size=${size}`;
        const { audit_path, ...given } = await stage.getJson<EntryAndProofJson>(path);
        expect(given).toEqual(leaf);
        const root = rootOfPath(index, size, readLeaf(given).leafHash, audit_path);
        expect(root.toString('base64')).toBe(heads[size]?.sha256_root_hash);
      }
    }
  });

  it.each([
    ['', /leaf_index is required/],
    ['leaf_index=0', /tree_size is required/],
    ['leaf_index=0&tree_size=0', /want less than tree_size/],
    ['leaf_index=3&tree_size=3', /want less than tree_size/],
    ['leaf_index=-1&tree_size=3', /want a decimal number/],
    [`leaf_index=0&tree_size=${ENTRIES + 1}`, /the tree has 9 entries/],
    [`leaf_index=${BEYOND}&tree_size=${ENTRIES}`, /want at most/],
  ])('refuses %s', async (query, reason) => {
    await expectRefusal(await stage.get(`ct/v1/get-entry-and-proof?${query}`), 400, reason);
  });
});

describe('every read', () => {
  it.each([
    'get-roots',
    'get-sth',
    'get-entries',
    'get-proof-by-hash',
    'get-sth-consistency',
    'get-entry-and-proof',
  ])('%s is answered to GET alone, and of a log that is there', async (name) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const wrong = await fetch(`${stage.url}${stage.prefix}/ct/v1/${name}`, { method, body: 'x' });
      expect(wrong.headers.get('allow')).toBe('GET');
      await expectRefusal(wrong, 405, /want GET/);
    }
    await expectRefusal(await fetch(`${stage.url}/ctlog/1999/ct/v1/${name}`), 404, /no such log/);
  });

  it('refuses numbers and hashes without end, and says so shortly', async () => {
    for (const query of [
      `get-entries?start=0&end=${'9'.repeat(9000)}`,
      `get-proof-by-hash?hash=${'A'.repeat(9000)}&tree_size=1`,
    ]) {
      const response = await stage.get(`ct/v1/${query}`);
      const length = (await response.clone().text()).length;
      await expectRefusal(response, 400, /want/);
      expect(length).toBeLessThan(250);
    }
  });

  it('is there under the path of the active shard as well', async () => {
    for (const name of ['get-roots', 'get-entries?start=0&end=3', 'get-sth-consistency?first=2&second=7']) {
      const [short, long] = [await fetch(`${stage.url}/ct/v1/${name}`), await stage.get(`ct/v1/${name}`)];
      expect(await ok(short)).toEqual(await ok(long));
    }
  });
});
