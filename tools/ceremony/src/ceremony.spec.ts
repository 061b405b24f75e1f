import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { parseClientTrustConfig, parseSigningConfig, parseTrustedRoot } from '@sigstead/trust';
import type { Ceremony, CeremonyPlan } from './ceremony.ts';
import { openCeremony, readCeremony, type WriteOptions } from './ceremony-files.ts';
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

/** Leaves the folder as 0.1 would have. */
async function backToFirstVersion(directory: string): Promise<void> {
  const path = join(directory, 'ceremony.json');
  const {
    timestampChain: _chain,
    revocationPublicKeyPem: _key,
    ...record
  } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...record, version: 1 }));
  await rm(join(directory, 'timestamp-authority'), { recursive: true });
  for (const name of ['root/timestamp-root', 'certificate-authority/revocation'])
    for (const suffix of ['key.pem', 'passphrase']) await rm(join(directory, `${name}.${suffix}`));
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
    expect(await readFile(join(directory, 'database/owner'), 'utf8')).toBe(kept);
    expect(await readFile(join(directory, 'ca-database/password'), 'utf8')).toMatch(/^[0-9a-f]{48}\n$/);
    const passphrase = await readFile(join(directory, 'certificate-authority/revocation.passphrase'), 'utf8');
    const pem = await readFile(join(directory, 'certificate-authority/revocation.key.pem'), 'utf8');
    expect(PrivateKeySigner.fromPem(pem, passphrase.trim()).publicKey.toPem()).toBe(
      ceremony.revocationPublicKeyPem,
    );
    expect((await openCeremony(directory, plan, environment)).outcome).toBe('kept');
  });

  it('refuses a damaged record instead of making new keys', async () => {
    await writeFile(join(directory, 'ceremony.json'), '{"version":3}');
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
    expect(parseTrustedRoot(moved['trusted_root.json'] as string).tlogs[0]?.logId).toEqual(
      root.tlogs[0]?.logId,
    );
  });
});
