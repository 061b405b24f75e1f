import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool } from '@sigstead/postgres';
import { makeTestChain, type TestChain } from '../testonly/test-authority.ts';
import { makeEntry } from '../testonly/test-certificates.ts';
import { TestDatabase } from '../testonly/test-database.ts';
import { INSERT_ONLY_TABLES } from './create-schema.migration.ts';
import { assertRecordable, IssuanceRecord } from './issuance-record.ts';
import { migrateCertificateAuthority } from './migrate.ts';

const NOW = new Date('2026-03-01T12:00:00Z');

let database: TestDatabase;
let chain: TestChain;
let pool: ReturnType<typeof createPool>;
let record: IssuanceRecord;

beforeAll(async () => {
  [database, chain] = await Promise.all([TestDatabase.start(), makeTestChain(NOW)]);
  pool = createPool({ url: database.serviceUrl, applicationName: 'test', max: 4, connectTimeoutMs: 2_000 });
  record = new IssuanceRecord(pool);
}, 60_000);

afterAll(async () => {
  await pool?.end();
  await database?.stop();
});

describe('the record of certificates', () => {
  it('gives back what was entered', async () => {
    const entry = await makeEntry(chain, NOW);
    await record.enter(entry);
    const found = await record.find(entry.certificate.serialNumber);
    expect(found?.certificate.toPem()).toBe(entry.certificate.toPem());
    const { certificate: _, ...rest } = entry;
    expect(found).toMatchObject(rest);
    const rows = await database.run(
      database.serviceUrl,
      `SELECT encode(key_hash, 'hex') AS key, not_before, not_after FROM certificate_authority.certificate`,
    );
    expect(rows).toContainEqual({
      key: Buffer.from(entry.certificate.spkiHash).toString('hex'),
      not_before: NOW,
      not_after: new Date(NOW.getTime() + 600_000),
    });
  });

  it('may lack a subject', async () => {
    const entry = { ...(await makeEntry(chain, NOW)), subject: undefined };
    await record.enter(entry);
    expect((await record.find(entry.certificate.serialNumber))?.subject).toBeUndefined();
  });

  it('knows nothing of other serial numbers', async () => {
    expect(await record.find(Uint8Array.of(1))).toBeUndefined();
  });

  it('takes an identity of any length', async () => {
    const identity = `https://example.com/${'x'.repeat(20_000)}`;
    const entry = await makeEntry(chain, NOW, { identity });
    await record.enter(entry);
    expect((await record.find(entry.certificate.serialNumber))?.identity.value).toBe(identity);
  });

  it('refuses a second certificate with a serial number, and keeps the first', async () => {
    const serialNumber = Uint8Array.of(0x11, 0x22);
    const [first, second] = [
      await makeEntry(chain, NOW, { serialNumber }),
      await makeEntry(chain, NOW, { serialNumber }),
    ];
    await record.enter(first);
    await expect(record.enter(second)).rejects.toMatchObject({ code: 'SERIAL_NUMBER_USED' });
    expect((await record.find(serialNumber))?.certificate.toPem()).toBe(first.certificate.toPem());
  });

  it('says when it is out of reach, and works again afterwards', async () => {
    const entry = await makeEntry(chain, NOW);
    await database.without(async () => {
      await expect(record.enter(entry)).rejects.toMatchObject({ code: 'RECORD_UNAVAILABLE' });
      await expect(record.find(entry.certificate.serialNumber)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
      await expect(record.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
    await record.enter(entry);
    expect(await record.check()).toBe('certificates can be recorded');
  }, 60_000);

  it('does not wait for a database that hangs', async () => {
    const impatient = createPool({ url: database.serviceUrl, applicationName: 'test', lockTimeoutMs: 200 });
    const blocker = createPool({ url: database.ownerUrl, applicationName: 'test' });
    const client = await blocker.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE certificate_authority.certificate IN ACCESS EXCLUSIVE MODE');
    const entry = await makeEntry(chain, NOW);
    await expect(new IssuanceRecord(impatient).enter(entry)).rejects.toMatchObject({
      code: 'RECORD_UNAVAILABLE',
    });
    await client.query('ROLLBACK');
    client.release();
    await Promise.all([impatient.end(), blocker.end()]);
  });

  it('is not ready for a role that may only read', async () => {
    const reader = createPool({ url: database.revokerUrl, applicationName: 'test' });
    await expect(new IssuanceRecord(reader).check()).rejects.toThrow(/may not record/);
    await reader.end();
  });
});

describe('an identity is not recordable', () => {
  it.each<[string, { value?: string; issuer?: string; subject?: string }]>([
    ['identity', { value: 'a\0b' }],
    ['issuer', { issuer: 'a\0b' }],
    ['subject', { subject: 'a\0b' }],
  ])('with a NUL character: %s', (name, { value = 'x', issuer = 'y', subject = 'z' }) => {
    const principal = {
      proofOfPossessionSubjects: [],
      subjectAlternativeName: { type: 'uri', value },
      claims: { issuer, subject },
    } as const;
    expect(() => assertRecordable(principal)).toThrow(
      expect.objectContaining({ code: 'IDENTITY', message: expect.stringContaining(name) as unknown }),
    );
  });
});

describe('rows', () => {
  beforeAll(async () => {
    await record.enter(await makeEntry(chain, NOW));
    await database.run(
      database.revokerUrl,
      `INSERT INTO certificate_authority.revocation
         (sequence, target_hash, kind, key_hash, effective_from, reason, comment, revoked_by, revoked_at)
       VALUES (1, sha256('x'), 'key', sha256('x'), '2026-03-01', 'unspecified', 'test', 'test', '2026-03-01')`,
    );
  });

  describe.each(INSERT_ONLY_TABLES)('of %s', (table) => {
    const changes = [
      `UPDATE certificate_authority.${table} SET issuer = 'x'`,
      `DELETE FROM certificate_authority.${table}`,
      `TRUNCATE certificate_authority.${table}`,
    ];

    it('exist, so that refusing to change them means something', async () => {
      const rows = await database.run(
        database.serviceUrl,
        `SELECT 1 FROM certificate_authority.${table} LIMIT 1`,
      );
      expect(rows).toHaveLength(1);
    });

    it.each(changes)('are neither for the service nor for the revoker to change: %s', async (change) => {
      for (const url of [database.serviceUrl, database.revokerUrl])
        await expect(database.run(url, change)).rejects.toMatchObject({ code: '42501' });
    });

    it.each(changes)('are final for the owner as well: %s', async (change) => {
      await expect(database.run(database.ownerUrl, change)).rejects.toMatchObject({ code: '23001' });
    });
  });

  it('of revocation are not for the service to add', async () => {
    const insert = `INSERT INTO certificate_authority.revocation SELECT * FROM certificate_authority.revocation`;
    await expect(database.run(database.serviceUrl, insert)).rejects.toMatchObject({ code: '42501' });
  });

  it('of certificate are not for the revoker to add', async () => {
    const insert = `INSERT INTO certificate_authority.certificate SELECT * FROM certificate_authority.certificate`;
    await expect(database.run(database.revokerUrl, insert)).rejects.toMatchObject({ code: '42501' });
  });

  it.each([
    `'serial', NULL, sha256('x'), NULL, NULL, NULL`,
    `'key', NULL, NULL, NULL, NULL, NULL`,
    `'key', NULL, NULL, sha256('x'), 'also', NULL`,
    `'identity', NULL, NULL, NULL, NULL, 'issuer'`,
    `'authority', 'x', sha256('x'), NULL, NULL, NULL`,
    `'all', NULL, NULL, NULL, NULL, NULL`,
  ])('of revocation say exactly what is revoked: not %s', async (columns) => {
    const insert = `INSERT INTO certificate_authority.revocation
      SELECT 2, sha256('x'), ${columns}, '2026-03-01', 'unspecified', 'test', 'test', '2026-03-01'`;
    await expect(database.run(database.revokerUrl, insert)).rejects.toMatchObject({ code: '23514' });
  });
});

describe('the migration', () => {
  const options = { serviceRole: 'ca_service', revokerRole: 'ca_revoker' };

  it('does nothing a second time, also when run twice at once', async () => {
    const again = { ...options, url: database.ownerUrl };
    expect(
      await Promise.all([migrateCertificateAuthority(again), migrateCertificateAuthority(again)]),
    ).toEqual([[], []]);
  });

  it('wants a role of its own for the revoker', async () => {
    const one = { url: database.ownerUrl, serviceRole: 'ca_service', revokerRole: 'ca_service' };
    await expect(migrateCertificateAuthority(one)).rejects.toMatchObject({ code: 'ADMINISTRATION' });
  });
});
