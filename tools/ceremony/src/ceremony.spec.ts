import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, PublicKey } from '@sigstead/crypto';
import { parseVerifierKey } from '@sigstead/tlog';
import { parseClientTrustConfig, parseSigningConfig, parseTrustedRoot } from '@sigstead/trust';
import type { Ceremony, CeremonyPlan } from './ceremony.ts';
import { openCeremony, readCeremony, type WriteOptions } from './ceremony-files.ts';
import { serializeCeremony } from './ceremony-record.ts';
import { followRekorV2Shard, type RekorV2Shard } from './rekor-v2-shard.ts';
import { renderTrustFiles } from './trust-files.ts';

const plan = { organization: 'acme', logHost: 'log.acme.test', ctShard: '2026' };
const environment = {
  now: new Date('2026-05-01T10:00:00.900Z'),
  randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
};
const urls = {
  certificateAuthority: 'http://ca.acme.test',
  transparencyLog: 'http://log.acme.test:3000',
  timestampAuthority: 'http://tsa.acme.test:3004',
  issuers: ['http://issuer.acme.test'],
};

async function perform(
  directory: string,
  options: WriteOptions = {},
  overrides: Partial<CeremonyPlan> = {},
): Promise<Ceremony> {
  const { ceremony, outcome } = await openCeremony(
    directory,
    { ...plan, ...overrides },
    environment,
    options,
  );
  expect(outcome).toBe('made');
  return ceremony;
}

function openssl(...command: string[]): string {
  return execFileSync('openssl', command, { encoding: 'utf8' });
}

/** Leaves the folder as it was before there was a Rekor v2 log. */
async function backToSecondVersion(directory: string): Promise<void> {
  const { rekorV2Shards, ...record } = await readJson<{ rekorV2Shards: { origin: string }[] }>(
    directory,
    'ceremony.json',
  );
  await writeFile(join(directory, 'ceremony.json'), JSON.stringify({ ...record, version: 2 }));
  for (const { origin } of rekorV2Shards)
    await rm(join(directory, `transparency-log/rekor-v2-${origin}.pem`));
  const logs = await readJson<{ kind: string }[]>(directory, 'transparency-log/logs.json');
  await writeLogs(
    directory,
    logs.filter(({ kind }) => kind !== 'rekor-v2'),
  );
}

/** Leaves the folder as 0.1 would have. */
async function backToFirstVersion(directory: string): Promise<void> {
  await backToSecondVersion(directory);
  const {
    timestampChain: _chain,
    revocationPublicKeyPem: _key,
    ...record
  } = await readJson<Record<string, unknown>>(directory, 'ceremony.json');
  await writeFile(join(directory, 'ceremony.json'), JSON.stringify({ ...record, version: 1 }));
  await rm(join(directory, 'timestamp-authority'), { recursive: true });
  for (const name of ['root/timestamp-root', 'certificate-authority/revocation'])
    for (const suffix of ['key.pem', 'passphrase']) await rm(join(directory, `${name}.${suffix}`));
}

async function readJson<T>(directory: string, name: string): Promise<T> {
  return JSON.parse(await readFile(join(directory, name), 'utf8')) as T;
}

async function writeLogs(directory: string, logs: readonly object[]): Promise<void> {
  await writeFile(join(directory, 'transparency-log/logs.json'), JSON.stringify(logs));
}

/** The public key of a shard as the log reads it: from its file, with the passphrase that the list names. */
async function keyOfShard(directory: string, { origin }: { origin: string }): Promise<string> {
  const logs = await readJson<{ origin?: string; keyFile: string; passphraseFile: string }[]>(
    directory,
    'transparency-log/logs.json',
  );
  const settings = logs.find((log) => log.origin === origin);
  const read = (name = '') => readFile(join(directory, 'transparency-log', name), 'utf8');
  const passphrase = (await read(settings?.passphraseFile)).trim();
  return PrivateKeySigner.fromPem(await read(settings?.keyFile), passphrase).publicKey.toPem();
}

describe('ceremony', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'sigstead-ceremony-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('writes a CA chain that openssl accepts and keys that only the passphrase opens', async () => {
    await perform(directory);
    const chain = join(directory, 'certificate-authority/chain.pem');
    const root = join(directory, 'transparency-log/ct-roots.pem');
    expect(openssl('verify', '-no_check_time', '-CAfile', root, chain)).toContain('OK');
    const text = openssl('x509', '-in', chain, '-noout', '-text');
    expect(text).toMatch(/Subject: O = acme, CN = acme intermediate/);
    expect(text).toMatch(/CA:TRUE, pathlen:0/);
    expect(text).toMatch(/Code Signing/);
    const pem = await readFile(join(directory, 'certificate-authority/ca.key.pem'), 'utf8');
    const passphrase = (await readFile(join(directory, 'certificate-authority/passphrase'), 'utf8')).trim();
    expect(PrivateKeySigner.fromPem(pem, passphrase).publicKey.type).toBe('P-384');
    expect(() => PrivateKeySigner.fromPem(pem, 'wrong')).toThrow();
  });

  it('makes the CA with P-256 where that is wanted', async () => {
    const { caChain } = await perform(directory, {}, { caKeyType: 'P-256' });
    expect(caChain.map(({ publicKey }) => publicKey.type)).toEqual(['P-256', 'P-256']);
  });

  it('founds a Rekor v2 log with a name and an ECDSA key of its own', async () => {
    const { rekorV2Shards } = await perform(directory);
    const [shard] = rekorV2Shards as [RekorV2Shard];
    expect(rekorV2Shards).toEqual([
      {
        origin: 'log2026-1.log.acme.test',
        publicKeyPem: await keyOfShard(directory, shard),
        validFor: { start: new Date('2026-05-01T10:00:00Z') },
      },
    ]);
    expect(PublicKey.fromPem(shard.publicKeyPem).type).toBe('P-256');
    const logs = await readJson<{ kind: string }[]>(directory, 'transparency-log/logs.json');
    expect(logs.map(({ kind }) => kind)).toEqual(['rekor-v1', 'rekor-v2', 'ct']);
  });

  it('makes the key of the Rekor v2 log Ed25519 where that is wanted', async () => {
    const { rekorV2Shards } = await perform(directory, {}, { rekorV2KeyType: 'Ed25519' });
    expect(rekorV2Shards.map(({ publicKeyPem }) => PublicKey.fromPem(publicKeyPem).type)).toEqual([
      'Ed25519',
    ]);
  });

  it('gives the timestamp authority a root of its own, and a signer for nothing else', async () => {
    const { timestampChain, caChain } = await perform(directory);
    const [signer, root] = timestampChain;
    expect(root?.publicKey.spki).not.toEqual(caChain.at(-1)?.publicKey.spki);
    const files = { signer: join(directory, 'signer.pem'), root: join(directory, 'tsa-root.pem') };
    await writeFile(files.signer, signer?.toPem() ?? '');
    await writeFile(files.root, root?.toPem() ?? '');
    const verify = ['verify', '-no_check_time', '-purpose', 'timestampsign', '-CAfile', files.root];
    expect(openssl(...verify, files.signer)).toContain('OK');
    const text = openssl('x509', '-in', files.signer, '-noout', '-text');
    expect(text).toMatch(/X509v3 Extended Key Usage: critical\s+Time Stamping/);
  });

  it('keeps secrets to their owner and each service to its own', async () => {
    await perform(directory, { randomSecrets: ['database/superuser'] });
    const secrets = [
      'certificate-authority/ca.key.pem',
      'certificate-authority/revocation.key.pem',
      'timestamp-authority/timestamp.key.pem',
      'root/timestamp-root.key.pem',
      'transparency-log/passphrase',
      'transparency-log/rekor-v2-log2026-1.log.acme.test.pem',
      'database/superuser',
    ];
    for (const path of secrets) expect((await stat(join(directory, path))).mode & 0o777).toBe(0o600);
    const passphrases = await Promise.all(
      ['certificate-authority', 'timestamp-authority', 'transparency-log', 'root'].map((name) =>
        readFile(join(directory, name, 'passphrase'), 'utf8'),
      ),
    );
    expect(new Set(passphrases).size).toBe(passphrases.length);
  });

  it('never overwrites keys, and starts over after a crash before its last file', async () => {
    const first = await perform(directory);
    const again = await openCeremony(directory, plan, environment);
    expect(again.outcome).toBe('kept');
    expect(again.ceremony.rekorTreeId).toBe(first.rekorTreeId);
    await rm(join(directory, 'ceremony.json'));
    expect((await perform(directory)).rekorTreeId).not.toBe(first.rekorTreeId);
  });

  it('completes what 0.1 made, and keeps all of it', async () => {
    const first = await perform(directory, { randomSecrets: ['database/owner'] });
    await backToFirstVersion(directory);
    const kept = await readFile(join(directory, 'database/owner'), 'utf8');
    const { ceremony, outcome } = await openCeremony(directory, plan, environment, {
      randomSecrets: ['database/owner', 'ca-database/password'],
    });
    expect(outcome).toBe('completed');
    expect(ceremony.rekorPublicKeyPem).toBe(first.rekorPublicKeyPem);
    expect(ceremony.timestampChain).toHaveLength(2);
    expect(ceremony.rekorV2Shards).toHaveLength(1);
    expect(await readFile(join(directory, 'database/owner'), 'utf8')).toBe(kept);
    expect(await readFile(join(directory, 'ca-database/password'), 'utf8')).toMatch(/^[0-9a-f]{48}\n$/);
    const passphrase = await readFile(join(directory, 'certificate-authority/revocation.passphrase'), 'utf8');
    const pem = await readFile(join(directory, 'certificate-authority/revocation.key.pem'), 'utf8');
    expect(PrivateKeySigner.fromPem(pem, passphrase.trim()).publicKey.toPem()).toBe(
      ceremony.revocationPublicKeyPem,
    );
    expect((await openCeremony(directory, plan, environment)).outcome).toBe('kept');
  });

  it('adds a Rekor v2 log to a folder that has none, and keeps the rest as its operator left it', async () => {
    const first = await perform(directory);
    await backToSecondVersion(directory);
    const [rekorV1, ct] = await readJson<[object, object]>(directory, 'transparency-log/logs.json');
    const settings = [{ ...rekorV1, disabledOperations: ['searchIndex'] }, ct];
    await writeLogs(directory, settings);
    const passphrase = await readFile(join(directory, 'transparency-log/passphrase'), 'utf8');
    const later = { ...environment, now: new Date('2027-02-03T04:05:06Z') };
    const { ceremony, outcome } = await openCeremony(directory, plan, later);
    expect(outcome).toBe('completed');
    expect(ceremony).toMatchObject({
      createdAt: first.createdAt,
      timestampChain: first.timestampChain,
      revocationPublicKeyPem: first.revocationPublicKeyPem,
    });
    const [shard] = ceremony.rekorV2Shards as [RekorV2Shard];
    expect(shard).toEqual({
      origin: 'log2027-1.log.acme.test',
      publicKeyPem: await keyOfShard(directory, shard),
      validFor: { start: later.now },
    });
    const logs = await readJson<object[]>(directory, 'transparency-log/logs.json');
    expect(logs.slice(0, 2)).toEqual(settings);
    expect(await readFile(join(directory, 'transparency-log/passphrase'), 'utf8')).toBe(passphrase);
    expect(await openCeremony(directory, plan, environment)).toEqual({ ceremony, outcome: 'kept' });
  });

  it('takes the Rekor v2 log that the service already has, by its own key', async () => {
    const first = await perform(directory);
    const record = await readJson<object>(directory, 'ceremony.json');
    await writeFile(
      join(directory, 'ceremony.json'),
      JSON.stringify({ ...record, version: 2, rekorV2Shards: undefined }),
    );
    const logs = await readFile(join(directory, 'transparency-log/logs.json'), 'utf8');
    const later = { ...environment, now: new Date('2027-02-03T04:05:06Z') };
    const { ceremony } = await openCeremony(directory, plan, later);
    expect(ceremony.rekorV2Shards).toEqual([
      { ...(first.rekorV2Shards[0] as RekorV2Shard), validFor: { start: later.now } },
    ]);
    expect(await readFile(join(directory, 'transparency-log/logs.json'), 'utf8')).toBe(logs);
  });

  it.each(['logs.json', 'passphrase'])('does not add a Rekor v2 log without %s', async (name) => {
    await perform(directory);
    await backToSecondVersion(directory);
    await rm(join(directory, 'transparency-log', name));
    await expect(openCeremony(directory, plan, environment)).rejects.toThrow(
      /cannot be added to .*logs\.json, .*ENOENT/,
    );
    expect(await readJson(directory, 'ceremony.json')).toMatchObject({ version: 2 });
  });

  it('refuses a damaged record instead of making new keys', async () => {
    await writeFile(join(directory, 'ceremony.json'), '{"version":4}');
    await expect(readCeremony(directory)).rejects.toThrow(/not a ceremony record/);
    await expect(openCeremony(directory, plan, environment)).rejects.toThrow(/not a ceremony record/);
  });

  it('renders trust files that parse, with the same keys under other addresses', async () => {
    await perform(directory);
    const { ceremony } = await openCeremony(directory, plan, environment);
    const files = renderTrustFiles(ceremony, urls);
    const root = parseTrustedRoot(files['trusted_root.json'] as string);
    expect(root.tlogs[0]?.baseUrl).toBe('http://log.acme.test:3000');
    expect(root.ctlogs[0]?.baseUrl).toBe('http://log.acme.test:3000/ctlog/2026');
    expect(root.tlogs[0]?.validFor.start).toEqual(new Date('2026-05-01T10:00:00Z'));
    expect(root.timestampAuthorities[0]?.certificates).toHaveLength(2);
    const signingConfig = parseSigningConfig(files['signing_config.v0.2.json'] as string);
    expect(signingConfig.rekorTlogUrls[0]?.majorApiVersion).toBe(1);
    expect(signingConfig.tsaUrls[0]?.url).toBe('http://tsa.acme.test:3004/api/v1/timestamp');
    expect(
      parseClientTrustConfig(files['client_trust_config.json'] as string).trustedRoot.certificateAuthorities,
    ).toHaveLength(1);
    const moved = renderTrustFiles(ceremony, { ...urls, transparencyLog: 'http://log.acme.test:4000' });
    expect(parseTrustedRoot(moved['trusted_root.json'] as string).tlogs.map(({ logId }) => logId)).toEqual(
      root.tlogs.map(({ logId }) => logId),
    );
  });

  it('trusts the Rekor v2 log under its name, whatever address is dialled', async () => {
    const { rekorV2Shards } = await perform(directory, {}, { rekorV2KeyType: 'Ed25519' });
    const { origin, publicKeyPem } = rekorV2Shards[0] as RekorV2Shard;
    const start = new Date('2026-05-01T10:00:00Z');
    for (const [transparencyLog, scheme] of [
      ['http://localhost:3000', 'http'],
      ['https://log.acme.test', 'https'],
    ] as const) {
      const files = renderTrustFiles(await keptCeremony(directory), { ...urls, transparencyLog });
      const root = parseTrustedRoot(files['trusted_root.json'] as string);
      const key = PublicKey.fromPem(publicKeyPem);
      // C2SP signed-note: SHA-256(name || 0x0A || 0x01 || the 32 bytes of the key).
      const hashed = Buffer.concat([Buffer.from(`${origin}\n\x01`), key.spki.subarray(-32)]);
      expect(root.tlogs[1]).toMatchObject({
        baseUrl: `${scheme}://log2026-1.log.acme.test`,
        logId: new Uint8Array(createHash('sha256').update(hashed).digest()),
        keyDetails: 'PKIX_ED25519',
        validFor: { start },
      });
      const configs = [
        parseSigningConfig(files['signing_config_rekor_v2.v0.2.json'] as string),
        parseClientTrustConfig(files['client_trust_config_rekor_v2.json'] as string).signingConfig,
      ];
      for (const config of configs) {
        expect(config).toEqual({
          ...parseSigningConfig(files['signing_config.v0.2.json'] as string),
          rekorTlogUrls: [
            { url: transparencyLog, majorApiVersion: 2, validFor: { start }, operator: 'acme' },
          ],
        });
      }
      const verifierKey = parseVerifierKey((files[`${origin}.vkey`] as string).trim());
      expect(verifierKey).toMatchObject({ name: origin, keyId: root.tlogs[1]?.logId });
    }
  });

  it('gives a Rekor v2 log of an ECDSA key the log ID of its key alone', async () => {
    const ceremony = await perform(directory);
    const files = renderTrustFiles(ceremony, urls);
    const { tlogs } = parseTrustedRoot(files['trusted_root.json'] as string);
    expect(tlogs[1]).toMatchObject({ keyDetails: 'PKIX_ECDSA_P256_SHA_256', logId: tlogs[1]?.key.keyId });
  });

  it('trusts a shard that follows beside the one before, each in its own window', async () => {
    const ceremony = await perform(directory);
    const start = new Date('2027-01-01T00:00:00Z');
    const end = new Date('2027-01-08T00:00:00Z');
    const next = {
      origin: 'log2027-1.log.acme.test',
      publicKeyPem: PrivateKeySigner.generate('P-256').publicKey.toPem(),
      validFor: { start },
    };
    const rekorV2Shards = followRekorV2Shard(ceremony.rekorV2Shards, next, end);
    await writeFile(join(directory, 'ceremony.json'), serializeCeremony({ ...ceremony, rekorV2Shards }));
    const kept = await keptCeremony(directory);
    expect(kept.rekorV2Shards).toEqual(rekorV2Shards);
    const files = renderTrustFiles(kept, urls);
    expect(
      parseTrustedRoot(files['trusted_root.json'] as string).tlogs.map(({ baseUrl, validFor }) => [
        baseUrl,
        validFor,
      ]),
    ).toEqual([
      ['http://log.acme.test:3000', { start: ceremony.createdAt }],
      ['http://log2026-1.log.acme.test', { start: ceremony.createdAt, end }],
      ['http://log2027-1.log.acme.test', { start }],
    ]);
  });
});

async function keptCeremony(directory: string): Promise<Ceremony> {
  const { ceremony, outcome } = await openCeremony(directory, plan, environment);
  expect(outcome).toBe('kept');
  return ceremony;
}
