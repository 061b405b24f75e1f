import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeLeafTbs, Certificate, oids, signTbs } from '@sigstead/x509';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { canonicalizeJson, encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { ensureDatabase, runMigrations, withCredentials } from '@sigstead/postgres';
import { createSchema } from './create-schema.migration.ts';
import { migrateTransparencyLog } from './migrate.ts';
import { makeAuthority } from '../testonly/authority.ts';
import { base64Of } from '../testonly/envelopes.ts';
import { openReplica, temporaryDirectory } from '../testonly/engine.ts';
import { runSql, startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';

let postgres: TestPostgres;
let anchors: { path: string; remove(): Promise<void> };

beforeAll(async () => {
  postgres = await startTestPostgres();
  // Makes the roles.
  await postgres.createDatabase();
  anchors = await temporaryDirectory();
}, 60_000);

afterAll(async () => {
  await anchors?.remove();
  await postgres?.stop();
});

/** A stored hashedrekord whose certificate names a token issuer. */
async function storedEntry(artifact: string): Promise<Uint8Array> {
  const signer = PrivateKeySigner.generate('P-256');
  const notBefore = new Date();
  const tbs = encodeLeafTbs(
    {
      serialNumber: Uint8Array.of(1, 2, 3),
      issuer: (await makeAuthority()).intermediate,
      notBefore,
      notAfter: new Date(notBefore.getTime() + 600_000),
      publicKey: signer.publicKey,
      subjectAlternativeName: { type: 'email', value: 'alice@example.com' },
      claims: { issuer: 'https://issuer.example.com' },
    },
    { oid: oids.sctList, critical: false, value: new Uint8Array([4, 2, 0, 0]) },
  );
  const pem = Certificate.parse(await signTbs(tbs, signer)).toPem();
  return encodeUtf8(
    canonicalizeJson({
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value: encodeHex(sha256(encodeUtf8(artifact))) } },
        signature: {
          content: encodeBase64(await signer.sign(encodeUtf8(artifact))),
          publicKey: { content: base64Of(pem) },
        },
      },
    }),
  );
}

describe('a database of the version before', () => {
  it('is brought up to date: entries stored then are found by what is searched for now', async () => {
    const database = 'tlog_before';
    const owner = { name: 'tlog_owner', password: 'owner' };
    const service = { name: 'tlog_service', password: 'service' };
    await ensureDatabase(postgres.server.url, database, owner.name);
    const url = withCredentials(postgres.server.url, { role: owner, database });
    await runMigrations({ url, schema: 'tlog', migrations: [createSchema(service.name)] });

    const serviceUrl = withCredentials(postgres.server.url, { role: service, database });
    const replica = await openReplica({ databaseUrl: serviceUrl, anchorDirectory: anchors.path });
    const bodies = await Promise.all(Array.from({ length: 70 }, (_, i) => storedEntry(`old ${i}`)));
    for (const entry of bodies) {
      const leafHash = hashLeaf(entry);
      await replica.log.sequencer.submit({
        identity: leafHash,
        searchKeys: ['alice@example.com'],
        issuers: [],
        encode: () => ({ entry, leafHash }),
      });
    }
    await replica.close();

    expect(await migrateTransparencyLog({ url, serviceRole: service.name })).toContain(
      'AddAttestations1700000001000',
    );
    const keys = await runSql(
      serviceUrl,
      `SELECT key, count(*)::int AS n FROM tlog.search_key WHERE key LIKE 'issuer:%' OR key LIKE '%@%' GROUP BY key ORDER BY key`,
    );
    expect(keys).toEqual([
      { key: 'alice@example.com', n: 70 },
      { key: 'issuer:https://issuer.example.com', n: 70 },
    ]);
  });
});
