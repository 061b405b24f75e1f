import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { generateKey, importPrivateKey } from '@sigstead/managed-key';
import { openKey, readKey } from './open-key.ts';
import { readPassword, type PasswordSources } from './password.ts';
import { writeKeyPair } from './write-key-pair.ts';

const sources = (environment: NodeJS.ProcessEnv, input: Readable = Readable.from([])): PasswordSources => ({
  environment,
  input,
  isTerminal: false,
  output: new PassThrough(),
});
const WITH_PASSWORD = sources({ SIGSTEAD_PASSWORD: 'correct horse' });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-keys-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('key pair on disk', () => {
  it('is for its owner alone, and opens with its password', async () => {
    const outputKeyPrefix = join(directory, 'own');
    await writeKeyPair(() => PrivateKeySigner.generate('P-256'), { outputKeyPrefix }, WITH_PASSWORD);
    const modes = await Promise.all(['key', 'pub'].map((end) => stat(`${outputKeyPrefix}.${end}`)));
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o644 & ~process.umask()]);
    const { publicKey } = await openKey(`${outputKeyPrefix}.key`, {}, WITH_PASSWORD);
    expect(publicKey.toPem()).toBe(await readFile(`${outputKeyPrefix}.pub`, 'utf8'));
    const wrong = openKey(`${outputKeyPrefix}.key`, {}, sources({ COSIGN_PASSWORD: 'battery' }));
    await expect(wrong).rejects.toMatchObject({
      name: 'CliError',
      message: expect.stringContaining('does not open'),
    });
  });

  it('is not overwritten unasked', async () => {
    const outputKeyPrefix = join(directory, 'kept');
    const write = (yes: boolean) =>
      writeKeyPair(() => PrivateKeySigner.generate('P-256'), { outputKeyPrefix, yes }, WITH_PASSWORD);
    await write(false);
    const kept = await readFile(`${outputKeyPrefix}.key`, 'utf8');
    await expect(write(false)).rejects.toMatchObject({ exitCode: 2 });
    expect(await readFile(`${outputKeyPrefix}.key`, 'utf8')).toBe(kept);
    await write(true);
    expect(await readFile(`${outputKeyPrefix}.key`, 'utf8')).not.toBe(kept);
  });

  it('that cannot be written leaves nothing behind', async () => {
    const outputKeyPrefix = join(directory, 'none', 'key');
    await expect(
      writeKeyPair(() => PrivateKeySigner.generate('P-256'), { outputKeyPrefix }, WITH_PASSWORD),
    ).rejects.toThrow('cannot be written');
    expect((await readdir(directory)).filter((name) => name.includes('none'))).toEqual([]);
  });

  it('comes from a variable as well', async () => {
    const outputKeyPrefix = join(directory, 'variable');
    await writeKeyPair(() => PrivateKeySigner.generate('P-256'), { outputKeyPrefix }, WITH_PASSWORD);
    const environment = {
      SIGSTEAD_PASSWORD: 'correct horse',
      THE_KEY: await readFile(`${outputKeyPrefix}.key`, 'utf8'),
    };
    expect((await openKey('env://THE_KEY', {}, sources(environment))).publicKey.type).toBe('P-256');
  });

  it.each([
    'env://NO_SUCH_KEY',
    'awskms://alias/x',
    'k8s://a/b',
    'https://x/key',
    'pkcs11:token=x',
    'none.key',
  ])('is not %s', async (reference) => {
    await expect(readKey(reference, {})).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('readPassword', () => {
  const read = async (
    options: { passwordFile?: string },
    environment: NodeJS.ProcessEnv,
    input?: Readable,
  ): Promise<string> =>
    new TextDecoder().decode(await readPassword(options, { confirm: true }, sources(environment, input)));
  const file = async (content: string): Promise<string> => {
    const path = join(directory, 'password');
    await writeFile(path, content);
    return path;
  };

  it('takes a file first, without its line end', async () => {
    const environment = { SIGSTEAD_PASSWORD: 'other' };
    expect(await read({ passwordFile: await file('a b\n') }, environment)).toBe('a b');
    expect(await read({ passwordFile: await file('a b\r\n') }, environment)).toBe('a b');
    expect(await read({ passwordFile: await file('a\n\n') }, environment)).toBe('a\n');
    expect(await read({ passwordFile: await file('') }, environment)).toBe('');
  });

  it('takes our variable before that of cosign, and an empty one for an empty password', async () => {
    expect(await read({}, { SIGSTEAD_PASSWORD: 'ours', COSIGN_PASSWORD: 'theirs' })).toBe('ours');
    expect(await read({}, { COSIGN_PASSWORD: 'theirs' })).toBe('theirs');
    expect(await read({}, { COSIGN_PASSWORD: '' })).toBe('');
  });

  it('reads standard input to its end, as cosign does', async () => {
    expect(await read({}, {}, Readable.from([Buffer.from('a '), Buffer.from('b\n')]))).toBe('a b\n');
  });

  it('refuses more than a password', async () => {
    const long = 'x'.repeat(5000);
    const passwordFile = await file(long);
    for (const reading of [
      () => read({ passwordFile }, {}),
      () => read({}, { COSIGN_PASSWORD: long }),
      () => read({}, {}, Readable.from([Buffer.from(long)])),
      () => read({ passwordFile: directory }, {}),
    ]) {
      await expect(reading()).rejects.toMatchObject({
        exitCode: 2,
        message: expect.not.stringContaining('xxx'),
      });
    }
  });
});

const cosign = process.env['SIGSTEAD_COSIGN'];

describe('cosign', () => {
  if (cosign === undefined) {
    it.skip('reads our keys, and we its own: no cosign at SIGSTEAD_COSIGN', () => undefined);
    return;
  }
  const run = async (args: string[], password: string): Promise<string> => {
    const env = { ...process.env, COSIGN_PASSWORD: password };
    return (await promisify(execFile)(cosign, args, { cwd: directory, env })).stdout;
  };

  it.each([
    'ecdsa-sha2-256-nistp256',
    'ecdsa-sha2-384-nistp384',
    'ecdsa-sha2-512-nistp521',
    'ed25519',
    'rsa-sign-pkcs1-2048-sha256',
  ] as const)('reads our key: %s', async (algorithm) => {
    const outputKeyPrefix = join(directory, algorithm);
    await writeKeyPair(() => generateKey(algorithm), { outputKeyPrefix }, WITH_PASSWORD);
    const read = await run(['public-key', '--key', `${outputKeyPrefix}.key`], 'correct horse');
    expect(read).toBe(await readFile(`${outputKeyPrefix}.pub`, 'utf8'));
  });

  it('makes keys we read', async () => {
    await run(['generate-key-pair', '--output-key-prefix', 'theirs'], 'p\u00e4ss');
    const signer = await openKey(
      join(directory, 'theirs.key'),
      {},
      sources({ COSIGN_PASSWORD: 'p\u00e4ss' }),
    );
    expect(signer.publicKey.toPem()).toBe(await readFile(join(directory, 'theirs.pub'), 'utf8'));
  });

  it('imports what we import', async () => {
    const pem = generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey.export({
      format: 'pem',
      type: 'pkcs1',
    });
    const path = join(directory, 'rsa.pem');
    await writeFile(path, pem);
    await chmod(path, 0o600);
    await run(['import-key-pair', '--key', path, '--output-key-prefix', 'imported'], '');
    const signer = await openKey(join(directory, 'imported.key'), {}, sources({ COSIGN_PASSWORD: '' }));
    expect(signer.publicKey.toPem()).toBe(importPrivateKey(await readFile(path)).publicKey.toPem());
  });
});
