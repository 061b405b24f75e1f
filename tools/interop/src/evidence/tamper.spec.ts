import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { BlobTarget, Workpiece } from '../workpiece.ts';
import type { BundleJson } from './evidence.ts';
import { tamper, type Means } from './tamper.ts';

const SIGNATURE = Buffer.from('3006020105020106', 'hex');
const NOTE = 'log.example\n1\nAAAA\n\n— log.example AAAAAAEC\n';
const BUNDLE: BundleJson = {
  mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  verificationMaterial: {
    tlogEntries: [
      { canonicalizedBody: 'e30=', inclusionProof: { treeSize: '1', checkpoint: { envelope: NOTE } } },
    ],
  },
  messageSignature: { signature: SIGNATURE.toString('base64') },
};
const means: Means = {
  otherPublicKey: 'other.pub',
  otherPredicate: { name: 'openvex', uri: 'https://openvex.dev/ns', file: 'openvex.json' },
};

let directory: string;
let piece: Workpiece;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-tamper-'));
  const target: BlobTarget = { kind: 'blob', file: join(directory, 'f'), bundle: join(directory, 'f.json') };
  await writeFile(target.file, 'content');
  await writeFile(target.bundle, JSON.stringify(BUNDLE));
  piece = {
    ...{ artifact: 'blob', form: 'bundle', log: 'rekor-v1', target },
    predicate: { name: 'custom', uri: 'https://example.com/custom', file: 'custom.json' },
    expected: {
      kind: 'identity',
      identity: 'https://example.com/release.yml@main',
      issuer: 'https://example.com',
    },
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function read({ target }: Workpiece): Promise<{ content: string; bundle: BundleJson }> {
  const { file, bundle } = target as BlobTarget;
  return {
    content: await readFile(file, 'utf8'),
    bundle: JSON.parse(await readFile(bundle, 'utf8')) as BundleJson,
  };
}

it('puts the same bundle beside another file', async () => {
  const tampered = await read(await tamper(piece, 'other artifact', means));
  expect(tampered).toEqual({ content: 'something else', bundle: BUNDLE });
  expect(await read(piece)).toEqual({ content: 'content', bundle: BUNDLE });
});

it('flips the last bit of the signature, which stays DER', async () => {
  const { content, bundle } = await read(await tamper(piece, 'changed signature', means));
  expect(content).toBe('content');
  expect(bundle).toEqual({ ...BUNDLE, messageSignature: { signature: 'MAYCAQUCAQc=' } });
});

it('changes the bytes of the log entry, and nothing they say', async () => {
  const { bundle } = await read(await tamper(piece, 'changed log entry', means));
  const body = Buffer.from(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? '', 'base64');
  expect(body.toString()).toBe('{} ');
});

it("flips the last bit of the log's signature, and leaves what is signed", async () => {
  const { bundle } = await read(await tamper(piece, 'changed checkpoint', means));
  const proof = bundle.verificationMaterial.tlogEntries[0]?.inclusionProof;
  expect(proof).toEqual({ treeSize: '1', checkpoint: { envelope: NOTE.replace('AAAAAAEC', 'AAAAAAED') } });
});

it('expects somebody else, or something else', async () => {
  expect((await tamper(piece, 'other signer', means)).expected).toMatchObject({
    identity: 'https://example.com/deploy.yml@main',
  });
  const byKey: Workpiece = { ...piece, expected: { kind: 'key', publicKey: 'own.pub' } };
  expect((await tamper(byKey, 'other signer', means)).expected).toEqual({
    kind: 'key',
    publicKey: 'other.pub',
  });
  expect((await tamper(piece, 'other predicate type', means)).predicate).toBe(means.otherPredicate);
});
