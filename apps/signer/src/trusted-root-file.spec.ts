import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createLog } from '@sigstead/server';
import { NOW, SmallSigstore } from '@sigstead/signing/testonly/small-sigstore';
import { serializeTrustedRoot } from '@sigstead/trust';
import { TrustedRootFile } from './trusted-root-file.ts';

let directory: string;
let path: string;
let sigstore: SmallSigstore;
let lines: string[];
let look: () => Promise<void>;
let opened: TrustedRootFile | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'root-'));
  path = join(directory, 'trusted_root.json');
  sigstore = await SmallSigstore.start();
  await writeFile(path, serializeTrustedRoot(sigstore.trustedRoot));
  lines = [];
});
afterEach(async () => {
  await opened?.close();
  await sigstore.stop();
  await rm(directory, { recursive: true });
});

const open = async (): Promise<TrustedRootFile> => {
  const log = createLog('test', 'info', (line) => void lines.push(line));
  opened = await TrustedRootFile.open(path, log, (work) => {
    look = work;
    return () => undefined;
  });
  return opened;
};
/** A change counts once it was seen twice. */
const lookTwice = async () => {
  await look();
  await look();
};

it('is read again when the file changes', async () => {
  const file = await open();
  expect(file.current.tlogs).toHaveLength(2);
  await writeFile(
    path,
    serializeTrustedRoot({ ...sigstore.trustedRoot, tlogs: [sigstore.rekorV1.instance] }),
  );
  await lookTwice();
  expect(file.current.tlogs).toHaveLength(1);
  expect(file.check(NOW)).toBe('ok');
});

it('stays what it was when the file cannot be used any more, and says so', async () => {
  const file = await open();
  await writeFile(path, '{"mediaType"');
  await lookTwice();
  expect(file.current.tlogs).toHaveLength(2);
  expect(file.check(NOW)).toContain('as it was before');
  expect(lines.join('')).toContain('cannot be used');
  await rm(path);
  await lookTwice();
  expect(file.check(NOW)).toContain('cannot be read');
  await writeFile(path, serializeTrustedRoot(sigstore.trustedRoot));
  await lookTwice();
  expect(file.check(NOW)).toBe('ok');
});

it('is not ready when nothing that is signed now would verify', async () => {
  const file = await open();
  expect(() => file.check(new Date('2025-01-01T00:00:00Z'))).toThrow(
    'no certificate authority that is valid now',
  );
});

it.each([
  ['is not there', undefined],
  ['is none', '{}'],
  ['is too large', ' '.repeat(4 * 1024 * 1024 + 1)],
])('does not open a file that %s', async (_name, text) => {
  await rm(path);
  if (text !== undefined) await writeFile(path, text);
  await expect(open()).rejects.toMatchObject({ name: 'ConfigError' });
});
