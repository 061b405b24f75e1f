import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { signRevocationList } from '@sigstead/revocation';
import { readRevocations } from './revocation-list.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
let directory: string;
let options: { revocations: string; revocationsKey: string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-revocations-'));
  options = { revocations: join(directory, 'list.json'), revocationsKey: join(directory, 'key.pub') };
  const signer = PrivateKeySigner.generate('P-256');
  const list = {
    sequence: 7,
    issuedAt: new Date('2026-06-01T00:00:00Z'),
    nextUpdate: new Date('2026-06-02T00:00:00Z'),
    revocations: [],
  };
  await writeFile(options.revocations, await signRevocationList(list, signer));
  await writeFile(options.revocationsKey, signer.publicKey.toPem());
});

afterAll(() => rm(directory, { recursive: true, force: true }));

it('is read when it is signed and fresh', async () => {
  expect(await readRevocations(options, NOW)).toMatchObject({ sequence: 7 });
  expect(await readRevocations({}, NOW)).toBeUndefined();
});

it('is refused without its key, and the key without it', async () => {
  const { revocations, revocationsKey } = options;
  await expect(readRevocations({ revocations }, NOW)).rejects.toThrow('go together');
  await expect(readRevocations({ revocationsKey }, NOW)).rejects.toThrow('go together');
});

it('is refused when it is old, or by another key', async () => {
  await expect(readRevocations(options, new Date('2026-06-02T00:00:01Z'))).rejects.toThrow('was good until');
  const other = join(directory, 'other.pub');
  await writeFile(other, PrivateKeySigner.generate('P-256').publicKey.toPem());
  await expect(readRevocations({ ...options, revocationsKey: other }, NOW)).rejects.toThrow(
    'cannot be relied on',
  );
});

it('is refused when list or key cannot be read', async () => {
  const none = join(directory, 'none');
  await expect(readRevocations({ ...options, revocations: none }, NOW)).rejects.toThrow('ENOENT');
  await expect(readRevocations({ ...options, revocationsKey: options.revocations }, NOW)).rejects.toThrow(
    'is no usable public key',
  );
});
