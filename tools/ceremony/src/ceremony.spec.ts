import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { parseClientTrustConfig, parseSigningConfig, parseTrustedRoot } from '@sigstead/trust';
import { readCeremony, writeCeremony } from './ceremony-files.ts';
import { renderTrustFiles } from './trust-files.ts';

const plan = { organization: 'acme', logHost: 'log.acme.test', ctShard: '2026' };
const environment = {
  now: new Date('2026-05-01T10:00:00.900Z'),
  randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
};
const urls = {
  certificateAuthority: 'http://ca.acme.test',
  transparencyLog: 'http://log.acme.test:3000',
  issuers: ['http://issuer.acme.test'],
};

describe('ceremony', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'sigstead-ceremony-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('writes a CA chain that openssl accepts and keys that only the passphrase opens', async () => {
    await writeCeremony(directory, plan, environment);
    const chain = join(directory, 'certificate-authority/chain.pem');
    const root = join(directory, 'transparency-log/ct-roots.pem');
    expect(
      execFileSync('openssl', ['verify', '-no_check_time', '-CAfile', root, chain], { encoding: 'utf8' }),
    ).toContain('OK');
    const text = execFileSync('openssl', ['x509', '-in', chain, '-noout', '-text'], { encoding: 'utf8' });
    expect(text).toMatch(/Subject: O = acme, CN = acme intermediate/);
    expect(text).toMatch(/CA:TRUE, pathlen:0/);
    expect(text).toMatch(/Code Signing/);
    const pem = await readFile(join(directory, 'certificate-authority/ca.key.pem'), 'utf8');
    const passphrase = (await readFile(join(directory, 'certificate-authority/passphrase'), 'utf8')).trim();
    expect(PrivateKeySigner.fromPem(pem, passphrase).publicKey.type).toBe('P-384');
    expect(() => PrivateKeySigner.fromPem(pem, 'wrong')).toThrow();
  });

  it('keeps secrets to their owner and each service to its own', async () => {
    await writeCeremony(directory, plan, environment, { randomSecrets: ['database/superuser'] });
    for (const path of [
      'certificate-authority/ca.key.pem',
      'transparency-log/passphrase',
      'database/superuser',
    ]) {
      expect((await stat(join(directory, path))).mode & 0o777).toBe(0o600);
    }
    const passphrases = await Promise.all(
      ['certificate-authority', 'transparency-log'].map((name) =>
        readFile(join(directory, name, 'passphrase'), 'utf8'),
      ),
    );
    expect(passphrases[0]).not.toBe(passphrases[1]);
  });

  it('never overwrites keys, and starts over after a crash before its last file', async () => {
    const first = await writeCeremony(directory, plan, environment);
    await expect(writeCeremony(directory, plan, environment)).rejects.toThrow(/never overwritten/);
    expect((await readCeremony(directory))?.rekorTreeId).toBe(first.rekorTreeId);
    await rm(join(directory, 'ceremony.json'));
    expect((await writeCeremony(directory, plan, environment)).rekorTreeId).not.toBe(first.rekorTreeId);
  });

  it('refuses a damaged record instead of making new keys', async () => {
    await writeFile(join(directory, 'ceremony.json'), '{"version":2}');
    await expect(readCeremony(directory)).rejects.toThrow(/not a ceremony record/);
    await expect(writeCeremony(directory, plan, environment)).rejects.toThrow(/not a ceremony record/);
  });

  it('renders trust files that parse, with the same keys under other addresses', async () => {
    await writeCeremony(directory, plan, environment);
    const ceremony = await readCeremony(directory);
    if (ceremony === undefined) throw new Error('the ceremony was not kept');
    const files = renderTrustFiles(ceremony, urls);
    const root = parseTrustedRoot(files['trusted_root.json'] as string);
    expect(root.tlogs[0]?.baseUrl).toBe('http://log.acme.test:3000');
    expect(root.ctlogs[0]?.baseUrl).toBe('http://log.acme.test:3000/ctlog/2026');
    expect(root.tlogs[0]?.validFor.start).toEqual(new Date('2026-05-01T10:00:00Z'));
    expect(
      parseSigningConfig(files['signing_config.v0.2.json'] as string).rekorTlogUrls[0]?.majorApiVersion,
    ).toBe(1);
    expect(
      parseClientTrustConfig(files['client_trust_config.json'] as string).trustedRoot.certificateAuthorities,
    ).toHaveLength(1);
    const moved = renderTrustFiles(ceremony, { ...urls, transparencyLog: 'http://log.acme.test:4000' });
    expect(parseTrustedRoot(moved['trusted_root.json'] as string).tlogs[0]?.logId).toEqual(
      root.tlogs[0]?.logId,
    );
  });
});
