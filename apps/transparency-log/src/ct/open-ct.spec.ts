import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivateKeySigner } from '@sigstead/crypto';
import { LogError } from '../errors.ts';
import { makeAuthority } from '../testonly/authority.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { install, startService, type Installation } from '../testonly/service.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let installation: Installation;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(() => postgres.stop());

beforeEach(async () => {
  database = await postgres.createDatabase();
  installation = await install(await makeAuthority());
});

afterEach(() => installation.remove());

async function change(settings: Record<string, unknown>): Promise<void> {
  const logs = JSON.parse(await readFile(installation.logsFile, 'utf8')) as Record<string, unknown>[];
  const changed = logs.map((log) => (log['kind'] === 'ct' ? { ...log, ...settings } : log));
  await writeFile(installation.logsFile, JSON.stringify(changed));
}

async function refusal(): Promise<string> {
  try {
    const { service } = await startService(installation, database.serviceUrl);
    await service.close();
  } catch (error) {
    if (error instanceof LogError && error.code === 'CONFIGURATION') return error.message;
    throw error;
  }
  return 'accepted';
}

const writeKey = (name: string, signer: PrivateKeySigner, passphrase = 'correct horse'): Promise<void> =>
  writeFile(join(installation.directory, name), signer.toEncryptedPem(passphrase));

describe('a CT log', () => {
  it('is not made with a key that no SCT can be signed with, and is with the next one', async () => {
    const right = await readFile(join(installation.directory, 'ct.pem'));
    for (const type of ['Ed25519', 'P-384'] as const) {
      await writeKey('ct.pem', PrivateKeySigner.generate(type));
      expect(await refusal()).toBe(`log ct-2026 has a ${type} key, SCTs need P-256 or RSA`);
    }
    await writeFile(join(installation.directory, 'ct.pem'), right);
    expect(await refusal()).toBe('accepted');
  });

  it('keeps the origin it was made with', async () => {
    expect(await refusal()).toBe('accepted');
    await change({ origin: 'elsewhere/ctlog/2026' });
    expect(await refusal()).toMatch(/made with the origin localhost\/ctlog\/2026/);
  });

  it('takes an additional key that witnesses know, and no other', async () => {
    await change({ additionalKeyFile: 'additional.pem' });
    expect(await refusal()).toMatch(/^key of log ct-2026, the additional one: a file cannot be read/);
    await writeKey('additional.pem', PrivateKeySigner.generate('P-256'));
    expect(await refusal()).toMatch(/additional key of log ct-2026 is a P-256 key, witnesses want Ed25519/);
    const key = PrivateKeySigner.generate('Ed25519');
    await writeKey('additional.pem', key, 'another horse');
    expect(await refusal()).toMatch(/passphrase does not open/);
    await writeFile(join(installation.directory, 'other'), 'another horse\n');
    await change({ additionalPassphraseFile: 'other' });
    expect(await refusal()).toBe('accepted');
    await writeKey('additional.pem', key);
    await change({ additionalPassphraseFile: undefined });
    expect(await refusal()).toBe('accepted');
  });
});
