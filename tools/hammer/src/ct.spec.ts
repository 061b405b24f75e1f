import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeBase64, encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { Precertificates } from '@sigstead/instance';
import { hashLeaf, rootOfLeaves } from '@sigstead/merkle';
import {
  digitallySign,
  encodeDataTileEntry,
  encodeMerkleTreeLeaf,
  leafIndexExtension,
  rfc6962NoteSigner,
  signCheckpointNote,
  signTreeHead,
  type DataTileEntry,
} from '@sigstead/tlog';
import { Certificate, issueCaChain, precertificateTbs, sctSignatureInput } from '@sigstead/x509';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CtFace } from './ct.ts';
import type { Proposal } from './face.ts';
import { Ledger } from './ledger.ts';
import { answer, asked } from './testonly/answers.ts';

const ORIGIN = 'localhost/ctlog/2026';
const TIME = 1_700_000_000_000n;
const signer = PrivateKeySigner.generate('P-256');

let folder: string;
let authority: Precertificates;
let face: CtFace;
let proposal: Proposal;
let precertificate: Certificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigstead-hammer-'));
  const [root, ca] = [PrivateKeySigner.generate('P-256'), PrivateKeySigner.generate('P-256')];
  const later = new Date(Date.now() + 86_400_000);
  const chain = await issueCaChain({
    organization: 'hammer',
    root,
    issuingKey: ca.publicKey,
    notBefore: new Date(),
    rootNotAfter: later,
    issuingNotAfter: later,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
  });
  await writeFile(join(folder, 'ca.key.pem'), ca.toEncryptedPem('correct horse'));
  await writeFile(join(folder, 'passphrase'), 'correct horse\n');
  await writeFile(join(folder, 'chain.pem'), chain.map((each) => each.toPem()).join(''));
  authority = await Precertificates.open(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  face = new CtFace(ORIGIN, signer.publicKey, authority);
  proposal = await face.propose();
  const { chain } = JSON.parse(proposal.body) as { readonly chain: readonly string[] };
  expect(chain).toHaveLength(3);
  precertificate = Certificate.parse(decodeBase64(chain[0] as string));
});

function entryAt(index: number): DataTileEntry {
  const tbsCertificate = precertificateTbs(precertificate, 'precertificate');
  return {
    timestampMs: TIME,
    extensions: leafIndexExtension(BigInt(index)),
    signedEntry: { type: 'precertificate', issuerKeyHash: authority.issuer.spkiHash, tbsCertificate },
    precertificate: precertificate.raw,
    chainFingerprints: [],
  };
}

async function sctFor({ timestampMs, extensions, signedEntry }: DataTileEntry) {
  if (signedEntry.type !== 'precertificate') throw new Error('unreachable');
  const { issuerKeyHash, tbsCertificate: tbs } = signedEntry;
  const input = sctSignatureInput({ timestampMs, issuerKeyHash, tbs, extensions });
  return {
    sct_version: 0,
    id: encodeBase64(signer.publicKey.keyId),
    timestamp: Number(timestampMs),
    extensions: encodeBase64(extensions),
    signature: encodeBase64(await digitallySign(signer, input)),
  };
}

const read = (status: number, body: unknown) => proposal.read(answer(status, body), asked({}));
const leafOf = (entry: DataTileEntry): Uint8Array => hashLeaf(encodeMerkleTreeLeaf(entry));

describe('a CT log under the hammer', () => {
  it('that is honest promises an entry a place', async () => {
    const entry = entryAt(3);
    expect(await read(200, await sctFor(entry))).toMatchObject({
      index: 3,
      leafHash: leafOf(entry),
      head: undefined,
    });
  });

  it('is found out for an SCT with another time or index than it signed', async () => {
    const sct = await sctFor(entryAt(3));
    await expect(read(200, { ...sct, timestamp: sct.timestamp + 1 })).rejects.toThrow(/signature/);
    const extensions = encodeBase64(leafIndexExtension(4n));
    await expect(read(200, { ...sct, extensions })).rejects.toThrow(/signature/);
  });

  it('is found out for an SCT without a leaf index', async () => {
    const sct = await sctFor({ ...entryAt(3), extensions: new Uint8Array() });
    await expect(read(200, sct)).rejects.toThrow('an SCT without a leaf index');
  });

  it('may not refuse a sound precertificate', async () => {
    await expect(read(400, 'no')).rejects.toThrow('a sound precertificate was answered with 400: no');
  });

  it('shows heads as checkpoint and as signed tree head, both signed', async () => {
    const rootHash = leafOf(entryAt(0));
    const head = { size: 1n, rootHash };
    const checkpoint = { origin: ORIGIN, ...head, extensions: [] };
    const note = await signCheckpointNote(checkpoint, [rfc6962NoteSigner(ORIGIN, signer, TIME)]);
    const sth = {
      tree_size: 1,
      timestamp: Number(TIME),
      sha256_root_hash: encodeBase64(rootHash),
      tree_head_signature: encodeBase64(await signTreeHead({ ...head, timestampMs: TIME }, signer)),
    };
    const shown = (sent: typeof sth) =>
      asked({ '/checkpoint': answer(200, note), '/ct/v1/get-sth': answer(200, sent) });
    expect(await face.head(shown(sth))).toMatchObject(head);
    expect(await face.head(shown(sth))).toMatchObject(head);
    await face.head(shown(sth));
    await expect(face.head(shown({ ...sth, tree_size: 2 }))).rejects.toThrow(/size 2 does not verify/);
  });

  it('is found out for the proof of another place', async () => {
    const leaves = [hashLeaf(encodeUtf8('x')), leafOf(entryAt(1))];
    const place = (await read(200, await sctFor(entryAt(1))))!;
    const head = { size: 2n, rootHash: rootOfLeaves(leaves) };
    const hash = encodeURIComponent(encodeBase64(place.leafHash));
    const proven = (leaf_index: number, sibling: Uint8Array) =>
      asked({
        [`/ct/v1/get-proof-by-hash?hash=${hash}&tree_size=2`]: answer(200, {
          leaf_index,
          audit_path: [encodeBase64(sibling)],
        }),
      });
    await face.verifyAgain(proven(1, leaves[0]!), place, head);
    await expect(face.verifyAgain(proven(0, leaves[0]!), place, head)).rejects.toThrow(/is for index 0/);
    await expect(face.verifyAgain(proven(1, leaves[1]!), place, head)).rejects.toThrow(/root/);
  });

  it('is found out for a certificate that is logged twice, though times and indexes make other leaves', async () => {
    const entries = [entryAt(0), entryAt(1)];
    const leaves = entries.map(leafOf);
    const ask = asked({
      '/tile/data/000.p/2': answer(200, Buffer.concat(entries.map(encodeDataTileEntry))),
      '/tile/0/000.p/2': answer(200, Buffer.concat(leaves)),
    });
    const ledger = new Ledger();
    await face.readTree([ask], { size: 2n, rootHash: rootOfLeaves(leaves) }, ledger);
    expect(ledger.violations).toEqual([expect.stringMatching(/is in the log twice, at 0 and 1$/)]);
  });
});
