import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OPERATION_NAMES, OPERATIONS } from './operations.ts';
import { makeAuthority } from '../testonly/authority.ts';
import { hashedRekord } from '../testonly/entries.ts';
import { dsse, signEnvelope } from '../testonly/envelopes.ts';
import { startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';
import { expectError, RekorApi } from '../testonly/rekor-api.ts';
import { install, startService, TREE_ID } from '../testonly/service.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

/** A log with these settings, for as long as the test takes. */
async function withLog(
  settings: Record<string, unknown>,
  test: (api: RekorApi) => Promise<void>,
  files: Record<string, string> = {},
): Promise<void> {
  const installation = await install(await makeAuthority(), settings);
  try {
    for (const [name, text] of Object.entries(files))
      await writeFile(join(installation.directory, name), text);
    const running = await startService(installation, (await postgres.createDatabase()).serviceUrl);
    try {
      await test(new RekorApi(() => ({ url: running.url, treeId: TREE_ID, key: installation.rekorKey })));
    } finally {
      await running.service.close();
    }
  } finally {
    await installation.remove();
  }
}

describe('operations that are switched off', () => {
  it('answer 501 with their name', async () => {
    await withLog({ disabledOperations: OPERATION_NAMES }, async (api) => {
      const answers = {
        createLogEntry: await api.post('/api/v1/log/entries', {}),
        getLogEntryByIndex: await api.get('/api/v1/log/entries?logIndex=0'),
        getLogEntryByUUID: await api.get(`/api/v1/log/entries/${'ab'.repeat(32)}`),
        searchLogQuery: await api.post('/api/v1/log/entries/retrieve', {}),
        searchIndex: await api.post('/api/v1/index/retrieve', {}),
        getLogInfo: await api.get('/api/v1/log'),
        getLogProof: await api.get('/api/v1/log/proof?lastSize=1'),
        getPublicKey: await api.get('/api/v1/log/publicKey'),
      };
      for (const name of OPERATION_NAMES) {
        await expectError(
          answers[name],
          501,
          501,
          `${OPERATIONS[name]} API not enabled in this Rekor instance`,
        );
      }
    });
  });

  it('leave the others alone', async () => {
    await withLog({ disabledOperations: ['searchIndex'] }, async (api) => {
      await api.create(await hashedRekord('still taken'));
      expect((await api.post('/api/v1/index/retrieve', {})).status).toBe(501);
    });
  });
});

describe('kinds that are not taken', () => {
  it('get 400, and are not logged', async () => {
    await withLog({ entryKinds: ['dsse'] }, async (api) => {
      await expectError(
        await api.post('/api/v1/log/entries', await hashedRekord('of no kind')),
        400,
        400,
        'error processing entry: entries of kind hashedrekord are not taken by this log, only dsse',
      );
      const signer = PrivateKeySigner.generate('P-256');
      await api.create(dsse(await signEnvelope('{}', signer), signer.publicKey.toPem()));
    });
  });
});

describe('a log for listed signers', () => {
  it('refuses the entries of others', async () => {
    const signer = PrivateKeySigner.generate('P-256');
    const settings = { signers: { keyFiles: ['alice.pem'] } };
    await withLog(
      settings,
      async (api) => {
        await expectError(
          await api.post('/api/v1/log/entries', await hashedRekord('by a stranger')),
          400,
          400,
          'error processing entry: the key or certificate of the entry is not among those this log takes',
        );
        await api.create(dsse(await signEnvelope('{}', signer), signer.publicKey.toPem()));
      },
      { 'alice.pem': signer.publicKey.toPem() },
    );
  });

  it('does not start when their files cannot be used', async () => {
    const settings = { signers: { keyFiles: ['alice.pem'] } };
    await expect(withLog(settings, () => Promise.resolve())).rejects.toMatchObject({ code: 'CONFIGURATION' });
    await expect(withLog(settings, () => Promise.resolve(), { 'alice.pem': 'no key' })).rejects.toMatchObject(
      { code: 'CONFIGURATION' },
    );
  });
});

describe('algorithms that are not taken', () => {
  it('get 400', async () => {
    await withLog({ signingAlgorithms: ['ecdsa-sha2-384-nistp384'] }, async (api) => {
      await expectError(
        await api.post('/api/v1/log/entries', await hashedRekord('P-256')),
        400,
        400,
        'error processing entry: entry algorithms are not allowed',
      );
    });
  });
});
