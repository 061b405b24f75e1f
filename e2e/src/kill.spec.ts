import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PublicKey } from '@sigstead/crypto';
import { decodeBase64 } from '@sigstead/encoding';
import { hashLeaf, rootOfLeaves, verifyInclusion } from '@sigstead/merkle';
import { verifyCheckpoint } from '@sigstead/tlog';
import pg from 'pg';
import { Instance } from '@sigstead/instance';

const KILLS = 24;
const WRITERS = 16;

interface Acknowledged {
  readonly uuid: string;
  readonly logIndex: number;
  readonly body: string;
}

interface LogEntryJson {
  readonly body: string;
  readonly logIndex: number;
  readonly verification: {
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
  };
}

describe('kill -9 of the log', () => {
  let instance: Instance;
  let url: string;
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const acknowledged = new Map<string, Acknowledged>();
  const checkpoints: string[] = [];

  beforeAll(async () => {
    instance = await Instance.prepare();
    url = instance.internalUrl('transparencyLog');
    await instance.start('transparencyLog');
  }, 120_000);

  afterAll(() => instance.stop(), 60_000);

  it(`loses no acknowledged entry at ${KILLS} random points between request and answer`, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const log = instance.service('transparencyLog');
      const round = startWriters();
      // Half of the kills hit a log that has answered and is busy, half one that is taking its first requests.
      if (kill % 2 === 0) await round.firstAnswer;
      await delay(Math.random() * 60);
      await log.stop('SIGKILL');
      await round.finished;
      await instance.start('transparencyLog');
    }
    // Every kill met one request of each writer under way; these are the answers that came before.
    expect(acknowledged.size).toBeGreaterThanOrEqual(KILLS / 2);
    for (const entry of acknowledged.values()) {
      const answer = await fetch(`${url}/api/v1/log/entries/${entry.uuid}`);
      expect([entry.uuid, answer.status]).toEqual([entry.uuid, 200]);
      const found = Object.values((await answer.json()) as Record<string, LogEntryJson>)[0] as LogEntryJson;
      expect(found).toMatchObject({ body: entry.body, logIndex: entry.logIndex });
    }
  }, 240_000);

  it('leaves a tree whose root recomputes from its entries, without gap or double', async () => {
    const info = (await (await fetch(`${url}/api/v1/log`)).json()) as { treeSize: number; rootHash: string };
    const leafHashes: Uint8Array[] = [];
    const bodies = new Set<string>();
    for (let index = 0; index < info.treeSize; index++) {
      const answer = await fetch(`${url}/api/v1/log/entries?logIndex=${index}`);
      const entry = Object.values((await answer.json()) as Record<string, LogEntryJson>)[0] as LogEntryJson;
      expect(entry.logIndex).toBe(index);
      bodies.add(entry.body);
      leafHashes.push(hashLeaf(decodeBase64(entry.body)));
    }
    expect(bodies.size).toBe(info.treeSize);
    expect(acknowledged.size).toBeLessThanOrEqual(info.treeSize);
    expect(Buffer.from(rootOfLeaves(leafHashes)).toString('hex')).toBe(info.rootHash);
    const key = PublicKey.fromPem(await (await fetch(`${url}/api/v1/log/publicKey`)).text());
    // Every checkpoint that was ever handed out is a prefix of this very tree.
    for (const text of checkpoints) {
      const checkpoint = verifyCheckpoint(text, key);
      expect(rootOfLeaves(leafHashes.slice(0, Number(checkpoint.size)))).toEqual(checkpoint.rootHash);
    }
  }, 120_000);

  it('has as many entries stored as the log row counts', async () => {
    const client = new pg.Client({ connectionString: instance.ownerDatabaseUrl });
    await client.connect();
    // Left open if the query fails; the server's shutdown must not then be an unhandled error.
    client.on('error', () => undefined);
    const { rows } = await client.query<{ size: string; entries: string; identities: string }>(
      `SELECT size, (SELECT coalesce(sum(n), 0) FROM tlog.chunk WHERE log_id = id) AS entries,
              (SELECT count(*) FROM tlog.ident WHERE log_id = id) AS identities
         FROM tlog.log WHERE kind = 'rekor-v1'`,
    );
    await client.end();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.entries).toBe(rows[0]?.size);
    expect(rows[0]?.identities).toBe(rows[0]?.size);
  });

  /** Clients that write one entry after another until the log is gone. */
  function startWriters(): { firstAnswer: Promise<void>; finished: Promise<unknown> } {
    let answered = () => {};
    const firstAnswer = new Promise<void>((resolve) => (answered = resolve));
    const writer = async () => {
      for (;;) {
        const entry = await submit(url, keys.privateKey, keys.publicKey);
        if (entry === undefined) return;
        acknowledged.set(entry.uuid, entry);
        answered();
      }
    };
    const writers = Array.from({ length: WRITERS }, writer);
    return { firstAnswer, finished: Promise.all(writers) };
  }

  /** The acknowledged entry, its own proof checked, or undefined when no whole answer came. */
  async function submit(
    base: string,
    privateKey: KeyObject,
    publicKey: KeyObject,
  ): Promise<Acknowledged | undefined> {
    const artifact = randomBytes(32);
    const proposed = {
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(artifact).digest('hex') } },
        signature: {
          content: sign('sha256', artifact, privateKey).toString('base64'),
          publicKey: {
            content: Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })).toString('base64'),
          },
        },
      },
    };
    let entries: Record<string, LogEntryJson>;
    try {
      const answer = await fetch(`${base}/api/v1/log/entries`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(proposed),
      });
      if (answer.status !== 201) return undefined;
      entries = (await answer.json()) as Record<string, LogEntryJson>;
    } catch {
      return undefined;
    }
    const [uuid, entry] = Object.entries(entries)[0] as [string, LogEntryJson];
    const { inclusionProof } = entry.verification;
    const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
    verifyInclusion(
      BigInt(inclusionProof.logIndex),
      BigInt(inclusionProof.treeSize),
      hashLeaf(decodeBase64(entry.body)),
      inclusionProof.hashes.map(bytes),
      bytes(inclusionProof.rootHash),
    );
    checkpoints.push(inclusionProof.checkpoint);
    return { uuid, logIndex: entry.logIndex, body: entry.body };
  }
});
