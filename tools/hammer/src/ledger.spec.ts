import { beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { CompactRange, hashLeaf } from '@sigstead/merkle';
import { rekorEntryId, rekorOrigin, signCheckpoint, signSignedEntryTimestamp } from '@sigstead/tlog';
import { Ledger, type LogEntry } from './ledger.ts';

const TREE_ID = '7';
const HOST = 'log.example';
const signer = PrivateKeySigner.generate('P-256');
const logID = encodeHex(signer.publicKey.keyId);

let ledger: Ledger;

beforeEach(() => {
  ledger = new Ledger({ key: signer.publicKey, treeId: TREE_ID, host: HOST });
});

function rootOf(texts: readonly string[]): Uint8Array {
  const range = CompactRange.empty();
  for (const text of texts) range.append(hashLeaf(encodeUtf8(text)));
  return range.root();
}

function checkpoint(texts: readonly string[]): Promise<string> {
  const origin = rekorOrigin(HOST, BigInt(TREE_ID));
  const head = { origin, size: BigInt(texts.length), rootHash: rootOf(texts), extensions: [] };
  return signCheckpoint(head, HOST, signer);
}

/** The answer of an honest log whose newest entry is the last text, in a tree of one or two. */
async function answer(
  texts: readonly string[],
  logIndex = texts.length - 1,
): Promise<Record<string, LogEntry>> {
  const bytes = encodeUtf8(texts.at(-1) as string);
  const body = encodeBase64(bytes);
  const set = await signSignedEntryTimestamp({ body, integratedTime: 1, logId: logID, logIndex }, signer);
  const inclusionProof = {
    checkpoint: await checkpoint(texts),
    hashes: texts.slice(0, -1).map((text) => encodeHex(hashLeaf(encodeUtf8(text)))),
    logIndex: texts.length - 1,
    rootHash: encodeHex(rootOf(texts)),
    treeSize: texts.length,
  };
  const verification = { inclusionProof, signedEntryTimestamp: encodeBase64(set) };
  return {
    [rekorEntryId(BigInt(TREE_ID), hashLeaf(bytes))]: {
      body,
      integratedTime: 1,
      logID,
      logIndex,
      verification,
    },
  };
}

function close(texts: readonly string[]): void {
  ledger.close({ size: texts.length, root: encodeHex(rootOf(texts)) });
}

describe('a ledger', () => {
  it('finds nothing wrong with an honest log', async () => {
    ledger.record(await answer(['a']));
    ledger.record(await answer(['a', 'b']));
    close(['a', 'b']);
    expect(ledger.violations).toEqual([]);
    expect([ledger.entries, ledger.checkpoints]).toEqual([2, 2]);
  });

  it('finds an acknowledged entry that is gone', async () => {
    ledger.record(await answer(['a']));
    ledger.record(await answer(['a', 'b']));
    close(['a']);
    expect(ledger.violations).toEqual([
      'entry 1 was acknowledged and is not in the final tree',
      'a checkpoint of size 2 was signed, the final tree has 1',
    ]);
  });

  it('finds a gap', async () => {
    ledger.record(await answer(['a', 'b']));
    close(['a', 'b']);
    expect(ledger.violations).toEqual(['there is no entry 0 in a tree of 2']);
  });

  it('finds an entry that is there twice, and an index given twice', async () => {
    ledger.record(await answer(['a']));
    ledger.record(await answer(['a', 'a']));
    ledger.record(await answer(['c', 'd'], 0));
    expect(ledger.violations[0]).toMatch(/in the log twice, at 0 and 1/);
    expect(ledger.violations[1]).toMatch(/two signed roots of size 2/);
    expect(ledger.violations[2]).toBe('index 0 was given to two entries');
  });

  it('finds two histories', async () => {
    ledger.record(await answer(['a']));
    ledger.recordCheckpoint(await checkpoint(['x']));
    expect(ledger.violations[0]).toMatch(/^two signed roots of size 1/);
  });

  it('finds a final tree with another past', async () => {
    ledger.record(await answer(['a']));
    ledger.record(await answer(['x', 'b']));
    close(['a', 'b']);
    expect(ledger.violations).toEqual(['the signed root of size 2 is not that of the entries']);
  });

  it.each<[string, (entry: LogEntry) => LogEntry, RegExp]>([
    [
      'a body that was not logged',
      (entry) => ({ ...entry, body: encodeBase64(encodeUtf8('z')) }),
      /another body/,
    ],
    ['a promise for another index', (entry) => ({ ...entry, logIndex: 5 }), /signed entry timestamp/],
    [
      'a proof that proves nothing',
      (entry) => {
        const inclusionProof = { ...entry.verification.inclusionProof, hashes: ['00'.repeat(32)] };
        return { ...entry, verification: { ...entry.verification, inclusionProof } };
      },
      /inclusion proof/,
    ],
    [
      'a checkpoint of another tree size',
      (entry) => {
        const inclusionProof = { ...entry.verification.inclusionProof, treeSize: 3 };
        return { ...entry, verification: { ...entry.verification, inclusionProof } };
      },
      /another tree than its checkpoint/,
    ],
  ])('finds %s', async (_, change, violation) => {
    const honest = await answer(['a', 'b']);
    ledger.record(Object.fromEntries(Object.entries(honest).map(([id, entry]) => [id, change(entry)])));
    expect(ledger.violations[0]).toMatch(violation);
  });
});
