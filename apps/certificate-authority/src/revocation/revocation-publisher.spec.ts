import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex, encodePem } from '@sigstead/encoding';
import { createPool, withCredentials } from '@sigstead/postgres';
import { assertFresh, isRevoked, openRevocationList, type RevocationList } from '@sigstead/revocation';
import { Certificate, signTbs } from '@sigstead/x509';
import { IssuingAuthority } from '../issuing-authority.ts';
import type { CertificateEntry } from '../record/issuance-record.ts';
import { makeTestChain, TestFiles, type TestChain } from '../testonly/test-authority.ts';
import { makeEntry } from '../testonly/test-certificates.ts';
import { TestDatabase } from '../testonly/test-database.ts';
import { openRevocationKey, RevocationPublisher } from './revocation-publisher.ts';
import { RevocationRegister, type RecordedRevocation } from './revocation-register.ts';

const START = new Date('2026-03-01T12:00:00.500Z');
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let files: TestFiles;
let chain: TestChain;
let authority: IssuingAuthority;
let pool: ReturnType<typeof createPool>;
let register: RevocationRegister;
let publisher: RevocationPublisher;
let now: Date;
const signer = PrivateKeySigner.generate('P-256');

beforeAll(async () => {
  [database, chain, files] = await Promise.all([
    TestDatabase.start(),
    makeTestChain(START),
    TestFiles.make(),
  ]);
  authority = new IssuingAuthority(chain.key, [chain.intermediate, chain.root], START);
  pool = createPool({ url: database.revokerUrl, applicationName: 'test' });
  register = new RevocationRegister(pool);
}, 60_000);

afterAll(async () => {
  await pool?.end();
  await database?.stop();
  await files?.remove();
});

beforeEach(() => {
  now = START;
  publisher = publisherOf();
});

function publisherOf(issuing: IssuingAuthority = authority): RevocationPublisher {
  return new RevocationPublisher({
    register,
    authority: issuing,
    signer,
    lifetimeSeconds: 86_400,
    clock: () => now,
  });
}

async function revokeEntry(
  { certificate, authorityKeyId }: CertificateEntry,
  changes: Partial<RecordedRevocation> = {},
): Promise<void> {
  await register.add({
    target: { kind: 'serial', serialNumber: certificate.serialNumber, authorityKeyId },
    from: certificate.notBefore,
    reason: 'keyCompromise',
    revokedAt: new Date(certificate.notBefore.getTime() + HOUR_MS),
    comment: 'not for the public',
    revokedBy: 'ada',
    ...changes,
  });
}

async function readCrl(): Promise<string> {
  const { bytes } = await publisher.crl();
  return execFileSync('openssl', ['crl', '-noout', '-text'], {
    input: encodePem('X509 CRL', bytes),
    encoding: 'utf8',
  });
}

async function readList(): Promise<RevocationList> {
  return openRevocationList((await publisher.list()).bytes, signer.publicKey);
}

describe('the CRL', () => {
  it('revokes a certificate for openssl, and keeps it when it has expired', async () => {
    const [revoked, other] = [await makeEntry(chain, START), await makeEntry(chain, START)];
    await revokeEntry(revoked);
    now = new Date(START.getTime() + 20 * HOUR_MS);
    const crlFile = await files.write('crl.pem', encodePem('X509 CRL', (await publisher.crl()).bytes));
    const authorities = await files.write('ca.pem', chain.root.toPem() + chain.intermediate.toPem());
    const check = async ({ certificate }: CertificateEntry): Promise<string> => {
      const leaf = await files.write('leaf.pem', certificate.toPem());
      // The precertificate poison is critical; within the life of the certificate the CRL is not in force yet, hence no check of time.
      const options = [
        '-crl_check',
        '-no_check_time',
        '-ignore_critical',
        '-CAfile',
        authorities,
        '-CRLfile',
        crlFile,
      ];
      return execFileSync('openssl', ['verify', ...options, leaf], { encoding: 'utf8', stdio: 'pipe' });
    };
    expect(await check(other)).toContain('OK');
    await expect(check(revoked)).rejects.toThrow(/certificate revoked/);
  });

  it('has one entry for a certificate: first revocation, earliest date, latest reason', async () => {
    const entry = await makeEntry(chain, new Date('2026-02-01T00:00:00Z'));
    const at = (hour: number): Date => new Date(Date.UTC(2026, 1, 3, hour));
    await revokeEntry(entry, { from: at(2), revokedAt: at(3), reason: 'superseded' });
    await revokeEntry(entry, { from: at(1), revokedAt: at(4), reason: 'keyCompromise' });
    const text = await readCrl();
    const serial = encodeHex(entry.certificate.serialNumber).toUpperCase();
    expect(text.split(serial)).toHaveLength(2);
    const own = text.split(serial)[1]?.split('Serial Number')[0];
    expect(own).toMatch(/Revocation Date: Feb {2}3 03:00:00 2026/);
    expect(own).toMatch(/Key Compromise/);
    expect(own).toMatch(/Invalidity Date: ?\s+Feb {2}3 01:00:00 2026/);
  });

  it('leaves out what other authorities issued', async () => {
    const entry = { ...(await makeEntry(chain, START)), authorityKeyId: new Uint8Array(32).fill(1) };
    await revokeEntry(entry);
    expect(await readCrl()).not.toContain(encodeHex(entry.certificate.serialNumber).toUpperCase());
  });

  it('has a number that grows with every revocation and with time', async () => {
    const number = async (): Promise<bigint> =>
      BigInt(/CRL Number: ?\s+(\w+)/.exec(await readCrl())?.[1] ?? -1);
    const first = await number();
    now = new Date(START.getTime() + 13 * HOUR_MS);
    const second = await number();
    await revokeEntry(await makeEntry(chain, START));
    // By a clock that is behind.
    now = START;
    const third = await number();
    expect(first < second && second < third).toBe(true);
  });

  it('is not made by a CA that may not sign it', async () => {
    const { intermediate, key, root, rootKey } = chain;
    const tbs = Buffer.from(intermediate.tbs);
    // keyUsage keyCertSign and cRLSign becomes keyCertSign alone.
    tbs.write('03020204', tbs.indexOf('03020106', 'hex'), 'hex');
    const forbidding = Certificate.parse(await signTbs(new Uint8Array(tbs), rootKey));
    const restricted = new IssuingAuthority(key, [forbidding, root], START);
    const publishing = publisherOf(restricted);
    await expect(publishing.crl()).rejects.toMatchObject({ code: 'NO_CRL' });
    expect(openRevocationList((await publishing.list()).bytes, signer.publicKey).sequence).toBeGreaterThan(0);
  });
});

describe('the list for verifiers', () => {
  it('says every kind of revocation, and nothing that is for operators', async () => {
    const entry = await makeEntry(chain, START);
    await revokeEntry(entry);
    const list = await readList();
    expect(list.sequence).toBe(await register.latestSequence());
    const facts = {
      serialNumber: entry.certificate.serialNumber,
      keyHash: entry.certificate.spkiHash,
      identities: [entry.identity.value],
      issuer: entry.issuer,
      authorityKeyId: entry.authorityKeyId,
      signingTime: entry.certificate.notBefore,
    };
    expect(isRevoked(list, facts)).toBe(true);
    expect(isRevoked(list, { ...facts, serialNumber: Uint8Array.of(1) })).toBe(false);
    const { bytes } = await publisher.list();
    const envelope = JSON.parse(Buffer.from(bytes).toString()) as { payload: string };
    expect(Buffer.from(envelope.payload, 'base64').toString()).not.toMatch(/public|ada/);
  });

  it('is fresh for a day', async () => {
    const list = await readList();
    assertFresh(list, now);
    expect(list.issuedAt).toEqual(new Date('2026-03-01T12:00:00Z'));
    expect(list.nextUpdate).toEqual(new Date('2026-03-02T12:00:00Z'));
  });
});

describe.each(['crl', 'list'] as const)('a published document: %s', (kind) => {
  it('is kept until half of its life is over', async () => {
    const first = await publisher[kind]();
    now = new Date(START.getTime() + 12 * HOUR_MS - 1_000);
    expect(await publisher[kind]()).toBe(first);
    now = new Date(START.getTime() + 12 * HOUR_MS);
    const second = await publisher[kind]();
    expect(second.issuedAt).toEqual(new Date('2026-03-02T00:00:00Z'));
  });

  it('is signed again with the next revocation', async () => {
    const first = await publisher[kind]();
    await revokeEntry(await makeEntry(chain, START));
    const second = await publisher[kind]();
    expect(second).not.toBe(first);
    expect(second.bytes.length).toBeGreaterThan(first.bytes.length);
  });

  it('is signed once for all who ask at the same time', async () => {
    const documents = await Promise.all(Array.from({ length: 20 }, () => publisher[kind]()));
    expect(new Set(documents.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size).toBe(1);
  });

  it('is given out while the database is away, until it ends', async () => {
    const first = await publisher[kind]();
    await database.without(async () => {
      now = new Date(first.nextUpdate.getTime() - 1);
      expect(await publisher[kind]()).toBe(first);
      now = first.nextUpdate;
      await expect(publisher[kind]()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(publisherOf()[kind]()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
  }, 60_000);

  it('is not replaced by one with fewer revocations', async () => {
    await revokeEntry(await makeEntry(chain, START));
    await publisher[kind]();
    // As after the restore of an older backup.
    await database.run(
      withCredentials(database.adminUrl, { database: 'ca' }),
      `SET session_replication_role = replica; DELETE FROM certificate_authority.revocation
         WHERE sequence = (SELECT max(sequence) FROM certificate_authority.revocation)`,
    );
    await expect(publisher[kind]()).rejects.toMatchObject({ code: 'ROLLBACK' });
  });
});

describe('the key for the list', () => {
  it('is read from an encrypted file', async () => {
    const keyFile = await files.write('revocation.key.pem', signer.toEncryptedPem('words'));
    const opened = await openRevocationKey(keyFile, await files.write('words', 'words\n'));
    expect(opened.publicKey.toPem()).toBe(signer.publicKey.toPem());
    await expect(openRevocationKey(keyFile, await files.write('wrong', 'x'))).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining(keyFile) as unknown,
    });
  });

  it.each(['key', 'rootKey'] as const)('is none of the CA: not its %s', (name) => {
    const options = { register, authority, lifetimeSeconds: 86_400, clock: () => now };
    expect(() => new RevocationPublisher({ ...options, signer: chain[name] })).toThrow(/a key of the CA/);
  });
});
