import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { createPool } from '@sigstead/postgres';
import { isRevoked, openRevocationList } from '@sigstead/revocation';
import { createLog, type Service } from '@sigstead/server';
import { Certificate, verifyChain, oids } from '@sigstead/x509';
import { createCertificateAuthority } from '../create-certificate-authority.ts';
import { RevocationRegister } from '../revocation/revocation-register.ts';
import { revoke, type RevocationRequest } from '../revocation/revoke.ts';
import { type ConfigOfFiles, startAuthorityProcess } from '../testonly/authority-process.ts';
import { startHoldingProxy } from '../testonly/holding-proxy.ts';
import { makeTestChain, TestFiles, type TestChain } from '../testonly/test-authority.ts';
import { TestCertificateLog } from '../testonly/test-certificate-log.ts';
import { call, clientKey, type Answer } from '../testonly/test-client.ts';
import { recordSettings, TestDatabase } from '../testonly/test-database.ts';
import { githubClaims, TestIssuer } from '../testonly/test-issuer.ts';
import { IssuanceRecord } from './issuance-record.ts';

const SUBJECT = 'repo:octo/app:ref:refs/heads/main';
const IDENTITY = 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1';

let files: TestFiles;
let issuer: TestIssuer;
let log: TestCertificateLog;
let chain: TestChain;
let database: TestDatabase;
let config: ConfigOfFiles;
let service: Service;
let url: string;
let fixedRandom: Uint8Array | undefined;
const revocationKey = PrivateKeySigner.generate('P-256');

beforeAll(async () => {
  [files, issuer, log, chain, database] = await Promise.all([
    TestFiles.make(),
    TestIssuer.start(),
    TestCertificateLog.start(),
    makeTestChain(new Date()),
    TestDatabase.start(),
  ]);
  const issuers = {
    'oidc-issuers': {
      [issuer.url]: { 'issuer-url': issuer.url, 'client-id': 'sigstore', type: 'github-workflow' },
    },
  };
  config = {
    authority: await files.writeAuthority([chain.intermediate, chain.root], chain.key),
    ctLogUrl: log.url,
    ctPublicKeyFile: await files.write('ct.pub.pem', log.signer.publicKey.toPem()),
    ctTimeoutMs: 20_000,
    issuersFile: await files.write('issuers.yaml', JSON.stringify(issuers)),
    issuerTimeoutMs: 20_000,
    ...(await recordSettings(files, database, revocationKey)),
  };
  service = await createCertificateAuthority(config, {
    clock: () => new Date(),
    fetch,
    randomBytes: (length) => fixedRandom ?? randomBytes(length),
    log: createLog('certificate-authority', 'silent'),
  });
  url = await service.listen(0, '127.0.0.1');
}, 60_000);

afterAll(async () => {
  await service?.close();
  await Promise.all([issuer.stop(), log.stop(), files.remove(), database.stop()]);
});

beforeEach(() => {
  log.reset();
  fixedRandom = undefined;
});

async function ask(base = url): Promise<Answer> {
  const key = clientKey('P-256');
  return call(`${base}/api/v2/signingCert`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await issuer.sign(githubClaims(issuer.url, new Date()))}` },
    body: JSON.stringify({
      publicKeyRequest: {
        publicKey: { algorithm: 'ECDSA', content: key.pem },
        proofOfPossession: key.prove(SUBJECT),
      },
    }),
  });
}

async function issue(base = url): Promise<Certificate> {
  const answer = await ask(base);
  expect(answer).toMatchObject({ status: 200 });
  const { signedCertificateEmbeddedSct } = answer.json as unknown as {
    signedCertificateEmbeddedSct: { chain: { certificates: [string] } };
  };
  return Certificate.fromPem(signedCertificateEmbeddedSct.chain.certificates[0]);
}

/** As an operator does, with the revoker's role. */
async function revokeAs(target: RevocationRequest['target'], from: Date): Promise<void> {
  const pool = createPool({ url: database.revokerUrl, applicationName: 'test' });
  const access = { record: new IssuanceRecord(pool), register: new RevocationRegister(pool) };
  const request = { target, from, reason: 'keyCompromise', comment: 'stolen', revokedBy: 'ada' } as const;
  await revoke(access, request, new Date());
  await pool.end();
}

const serialOf = ({ serialNumber }: Certificate): string => encodeHex(serialNumber);

async function lookUp(serial: string): Promise<{ status: number; body: Record<string, never> }> {
  const response = await fetch(`${url}/ca/certificates/${serial}`);
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

describe('a certificate that was issued', () => {
  it('is recorded before it is handed out, with whom it was issued to and the promise of the log', async () => {
    const certificate = await issue();
    const { status, body } = await lookUp(serialOf(certificate));
    expect(status).toBe(200);
    expect(body).toEqual({
      serialNumber: serialOf(certificate),
      identity: { type: 'uri', value: IDENTITY },
      issuer: issuer.url,
      subject: SUBJECT,
      authorityKeyId: encodeHex(chain.intermediate.spkiHash),
      keyHash: encodeHex(certificate.spkiHash),
      keyType: 'P-256',
      notBefore: certificate.notBefore.toISOString().replace('.000', ''),
      notAfter: certificate.notAfter.toISOString().replace('.000', ''),
      signedCertificateTimestamp: {
        logId: encodeHex(log.signer.publicKey.keyId),
        timestamp: '2026-03-01T12:00:00.123Z',
      },
      certificate: certificate.toPem(),
      revoked: false,
      revocations: [],
    });
  });

  it.each<[string, (serial: string) => string]>([
    ['capital letters', (serial) => serial.toUpperCase()],
    ['colons, as openssl prints it', (serial) => (serial.match(/../g) ?? []).join(':')],
    ['leading zeros', (serial) => `00${serial}`],
  ])('is found by its serial number in %s', async (_name, spell) => {
    const certificate = await issue();
    const { status, body } = await lookUp(spell(serialOf(certificate)));
    expect([status, body['certificate']]).toEqual([200, certificate.toPem()]);
  });

  it('says what it is revoked by', async () => {
    const certificate = await issue();
    await revokeAs({ kind: 'key', keyHash: certificate.spkiHash }, certificate.notBefore);
    expect((await lookUp(serialOf(certificate))).body).toMatchObject({
      revoked: true,
      revocations: [{ kind: 'key', keyHash: encodeHex(certificate.spkiHash), reason: 'keyCompromise' }],
    });
    expect(JSON.stringify(await lookUp(serialOf(certificate)))).not.toMatch(/stolen|ada/);
  });
});

describe('what is no serial number of a certificate', () => {
  it.each([
    ['one nobody has', '1', 404],
    ['another nobody has', 'ff'.repeat(20), 404],
    ['zero', '0', 400],
    ['21 octets', 'ff'.repeat(21), 400],
    ['other letters', 'xyz', 400],
    ['NUL', '%00', 400],
    ['SQL', '%27%20OR%201=1', 400],
    ['a broken escape', '%zz', 400],
    ['a path in disguise', '7f%2F..%2F7f', 400],
    ['an endless number', '7f'.repeat(5000), 414],
    ['nothing', '', 404],
    ['a path', '7f/7f', 404],
  ])('is answered in problem+json: %s', async (_name, serial, status) => {
    const response = await fetch(`${url}/ca/certificates/${serial}`);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await response.json()) as { detail: string };
    expect(problem.detail.length).toBeLessThan(400);
  });

  it('also under another method', async () => {
    const response = await fetch(`${url}/ca/certificates/7f`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  });
});

describe('without a record there is no certificate', () => {
  it('a database that is away: 503, while the log has seen the precertificate', async () => {
    await database.without(async () => {
      const answer = await ask();
      expect(answer).toMatchObject({
        status: 503,
        json: { code: 14, message: 'the certificate cannot be recorded', details: [] },
      });
      expect(log.chains).toHaveLength(1);
      expect(await service.ready()).toMatchObject({ ready: false, checks: { database: { ok: false } } });
    });
    await issue();
    expect(await service.ready()).toMatchObject({
      ready: true,
      checks: { database: { ok: true }, revocations: { ok: true } },
    });
  }, 60_000);

  it('a database that drops every connection: at most one 503, and the service goes on', async () => {
    const end = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'ca_service'`;
    await issue();
    await database.run(database.adminUrl, end);
    // The pool notices at once or at the next statement; either way nothing but an answer of 200 or 503 comes.
    expect([200, 503]).toContain((await ask()).status);
    await issue();
  });

  it('a serial number that exists: 500, and the first certificate stays as it is', async () => {
    fixedRandom = randomBytes(20);
    const first = await issue();
    const answer = await ask();
    expect(answer).toMatchObject({ status: 500, json: { code: 13 } });
    expect((await lookUp(serialOf(first))).body['certificate']).toBe(first.toPem());
  });

  it('a subject that cannot be recorded: 400, before the log hears of it', async () => {
    const key = clientKey('P-256');
    const sub = `${SUBJECT}\0`;
    const claims = { ...githubClaims(issuer.url, new Date()), sub };
    const answer = await call(`${url}/api/v2/signingCert`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await issuer.sign(claims)}` },
      body: JSON.stringify({
        publicKeyRequest: { publicKey: { content: key.pem }, proofOfPossession: key.prove(sub) },
      }),
    });
    expect(answer.status).toBe(400);
    expect(log.chains).toEqual([]);
  });

  it('a process that is killed between record and answer leaves a record of what nobody was given', async () => {
    const proxy = await startHoldingProxy(database.serviceUrl);
    const child = await startAuthorityProcess({ ...config, databaseUrl: proxy.url });
    const given = await issue(child.url);
    const recorded = proxy.hold('INSERT INTO certificate_authority.certificate');
    const answer = ask(child.url).then(
      ({ status }) => status,
      () => 'no answer',
    );
    await recorded;
    await child.kill();
    expect(await answer).toBe('no answer');
    await proxy.close();
    const rows = await database.run(database.serviceUrl, 'SELECT der FROM certificate_authority.certificate');
    const [, [precertificate]] = log.chains as [Certificate[], [Certificate]];
    const certificates = rows.map(({ der }) => Certificate.parse(der as Buffer));
    const left = certificates.find((each) => serialOf(each) === serialOf(precertificate));
    expect(left?.toPem()).not.toBe(given.toPem());
    expect(
      verifyChain(left as Certificate, [chain.intermediate, chain.root], new Date(), {
        extendedKeyUsage: oids.codeSigning,
      }),
    ).toHaveLength(3);
  }, 120_000);
});

describe('what is revoked', () => {
  it('is on the CRL, which openssl verifies with the certificate of the CA', async () => {
    const certificate = await issue();
    const { serialNumber } = certificate;
    await revokeAs({ kind: 'serial', serialNumber }, certificate.notBefore);
    const response = await fetch(`${url}/ca/crl`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/pkix-crl',
      'cache-control': 'public, max-age=60',
      'last-modified': expect.stringMatching(/ GMT$/) as unknown,
    });
    const path = `${files.directory}/ca.crl`;
    await writeFile(path, new Uint8Array(await response.arrayBuffer()));
    const ca = await files.write('issuing.pem', chain.intermediate.toPem());
    const text = execFileSync(
      'openssl',
      ['crl', '-in', path, '-inform', 'DER', '-CAfile', ca, '-noout', '-text'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    expect(text).toContain(serialOf(certificate).toUpperCase());
  });

  it('is on the signed list, which web pages may read as well', async () => {
    const certificate = await issue();
    await revokeAs({ kind: 'identity', identity: IDENTITY, issuer: issuer.url }, certificate.notBefore);
    const response = await fetch(`${url}/ca/revocations`, { headers: { origin: 'https://example.com' } });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=60',
      'access-control-allow-origin': '*',
    });
    const list = openRevocationList(new Uint8Array(await response.arrayBuffer()), revocationKey.publicKey);
    const facts = {
      serialNumber: certificate.serialNumber,
      keyHash: certificate.spkiHash,
      identities: [IDENTITY],
      issuer: issuer.url,
      authorityKeyId: chain.intermediate.spkiHash,
      signingTime: certificate.notBefore,
    };
    expect(isRevoked(list, facts)).toBe(true);
    expect(isRevoked(list, { ...facts, issuer: 'https://example.com' })).toBe(false);
  });

  it('does not stop the authority: it goes on to issue to the identity', async () => {
    expect(await issue()).toBeInstanceOf(Certificate);
  });
});

describe('the service does not start', () => {
  it('with a key of the CA for the list', async () => {
    const { keyFile, passphraseFile } = config.authority;
    const own = { ...config, revocationKeyFile: keyFile, revocationPassphraseFile: passphraseFile };
    const start = createCertificateAuthority(own, { clock: () => new Date(), fetch, randomBytes });
    await expect(start).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('a key of the CA') as unknown,
    });
  });
});
