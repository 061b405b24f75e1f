import { beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf, rootOfLeaves } from '@sigstead/merkle';
import { rekorEntryId, rekorOrigin, signCheckpoint, signSignedEntryTimestamp } from '@sigstead/tlog';
import type { Proposal } from './face.ts';
import { RekorV1Face, type LogEntry } from './rekor-v1.ts';
import { answer, asked } from './testonly/answers.ts';

const TREE_ID = 7n;
const HOST = 'log.example';
const OTHER = encodeUtf8('another entry');
const signer = PrivateKeySigner.generate('P-256');
const logID = encodeHex(signer.publicKey.keyId);
const origin = rekorOrigin(HOST, TREE_ID);

let face: RekorV1Face;
let proposal: Proposal;
let id: string;
/** What an honest log answers: the proposal is the second entry of its tree, behind `offset` of trees before. */
let entry: LogEntry;

async function honest(body: string, offset = 0): Promise<LogEntry> {
  const leaves = [OTHER, encodeUtf8(body)].map(hashLeaf);
  const rootHash = rootOfLeaves(leaves);
  const head = { origin, size: 2n, rootHash, extensions: [] };
  const covered = { body: encodeBase64(encodeUtf8(body)), integratedTime: 1, logIndex: 1 + offset };
  const set = await signSignedEntryTimestamp({ ...covered, logId: logID }, signer);
  return {
    ...covered,
    logID,
    verification: {
      inclusionProof: {
        checkpoint: await signCheckpoint(head, HOST, signer),
        hashes: [encodeHex(leaves[0] as Uint8Array)],
        logIndex: 1,
        rootHash: encodeHex(rootHash),
        treeSize: 2,
      },
      signedEntryTimestamp: encodeBase64(set),
    },
  };
}

beforeEach(async () => {
  face = new RekorV1Face(origin, signer.publicKey);
  proposal = await face.propose();
  id = rekorEntryId(TREE_ID, hashLeaf(encodeUtf8(proposal.body)));
  entry = await honest(proposal.body);
});

const read = (status: number, body: unknown, headers = {}, there = {}) =>
  proposal.read(answer(status, body, headers), asked(there));

describe('a Rekor v1 log under the hammer', () => {
  it('that is honest acknowledges an entry at its place', async () => {
    const place = await read(201, { [id]: entry });
    expect(place).toMatchObject({ index: 1, isNew: true, head: { size: 2n } });
  });

  it('may have trees before the active one', async () => {
    expect(await read(201, { [id]: await honest(proposal.body, 40) })).toMatchObject({ index: 1 });
    const elsewhere = await honest(proposal.body, 41);
    await expect(read(201, { [id]: elsewhere })).rejects.toThrow(/log index is 42, want 41/);
  });

  it('says with 409 where an entry is that it has', async () => {
    const location = `/api/v1/log/entries/${id}`;
    const place = await read(409, '', { location }, { [location]: answer(200, { [id]: entry }) });
    expect(place).toMatchObject({ index: 1, isNew: false });
    expect(await read(409, '', { location })).toBeUndefined();
    await expect(read(409, '', { location }, { [location]: answer(404) })).rejects.toThrow(/with 404/);
  });

  it.each<[string, (entry: LogEntry) => LogEntry, RegExp]>([
    ['a body that was not logged', (is) => ({ ...is, body: encodeBase64(OTHER) }), /another body/],
    ['a promise for another index', (is) => ({ ...is, logIndex: 5 }), /signed entry timestamp/],
    ['a promise of another time', (is) => ({ ...is, integratedTime: 2 }), /signed entry timestamp/],
    ['a proof that proves nothing', withProof({ hashes: ['00'.repeat(32)] }), /inclusion proof/],
    ['a checkpoint of another tree size', withProof({ treeSize: 3 }), /another tree than its checkpoint/],
    ['a checkpoint nobody signed', withProof({ checkpoint: 'log.example - 7\n2\n' }), /note/i],
  ])('is found out for %s', async (_, change, violation) => {
    await expect(read(201, { [id]: change(entry) })).rejects.toThrow(violation);
  });

  it('is found out for an entry that is not what was sent', async () => {
    const other = encodeUtf8('{}');
    const lie = await honest('{}');
    await expect(read(201, { [rekorEntryId(TREE_ID, hashLeaf(other))]: lie })).rejects.toThrow(
      /not what was sent/,
    );
  });

  it('is found out for the checkpoint of another tree', async () => {
    const head = { origin: rekorOrigin(HOST, 8n), size: 1n, rootHash: hashLeaf(OTHER), extensions: [] };
    const signedTreeHead = await signCheckpoint(head, HOST, signer);
    const info = asked({ '/api/v1/log': answer(200, { signedTreeHead }) });
    await expect(face.head(info)).rejects.toThrow(/origin log.example - 8/);
  });

  it('is found out for heads of which one does not continue the other', async () => {
    const heads = [OTHER, encodeUtf8('x')].map((text) => rootOfLeaves([hashLeaf(text)]));
    const to = { size: 2n, rootHash: rootOfLeaves([OTHER, OTHER].map(hashLeaf)) };
    const path = `/api/v1/log/proof?firstSize=1&lastSize=2&treeID=${TREE_ID}`;
    const ask = asked({ [path]: answer(200, { hashes: [encodeHex(hashLeaf(OTHER))] }) });
    await face.verifyConsistency(ask, { size: 1n, rootHash: heads[0] as Uint8Array }, to);
    const forked = { size: 1n, rootHash: heads[1] as Uint8Array };
    await expect(face.verifyConsistency(ask, forked, to)).rejects.toThrow(/root/);
  });

  it('may not refuse a sound entry', async () => {
    await expect(read(400, 'no')).rejects.toThrow('a sound entry was answered with 400: no');
  });
});

function withProof(
  change: Partial<LogEntry['verification']['inclusionProof']>,
): (entry: LogEntry) => LogEntry {
  return (entry) => {
    const inclusionProof = { ...entry.verification.inclusionProof, ...change };
    return { ...entry, verification: { ...entry.verification, inclusionProof } };
  };
}
