import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openHome, type Home } from './home.ts';
import { openTls } from './tls.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;
const later = (days: number) => new Date(NOW.getTime() + days * DAY_MS);

describe('the certificate of the TLS port', () => {
  let home: Home;

  beforeEach(async () => {
    home = await openHome(await mkdtemp(join(tmpdir(), 'sigstead-tls-')));
  });
  afterEach(() => rm(home.root, { recursive: true }));

  async function open(
    now = NOW,
    host = 'localhost',
  ): Promise<{ server: X509Certificate; ca: X509Certificate }> {
    const { certificateFile } = await openTls(home, host, now);
    return {
      server: new X509Certificate(await readFile(certificateFile)),
      ca: new X509Certificate(await readFile(join(home.trust, 'tls_ca.pem'))),
    };
  }

  it('is good for this machine, below a CA of its own among the trust files', async () => {
    const { server, ca } = await open();
    expect(server.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(server.checkIssued(ca) && server.verify(ca.publicKey)).toBe(true);
    expect([ca.ca, server.ca]).toEqual([true, false]);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(Date.parse(server.validTo) - NOW.getTime()).toBeLessThanOrEqual(398 * DAY_MS);
  });

  it('has keys that nobody else reads', async () => {
    const { keyFile } = await openTls(home, 'localhost', NOW);
    for (const path of [keyFile, join(home.root, 'tls/ca.key.pem')])
      expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is kept until thirty days are left, then made anew below the same CA', async () => {
    const first = await open();
    expect((await open(later(366))).server.raw).toEqual(first.server.raw);
    const second = await open(later(368));
    expect(second.server.raw).not.toEqual(first.server.raw);
    expect(second.ca.raw).toEqual(first.ca.raw);
  });

  it('is made anew with its CA when that would not outlive it', async () => {
    const first = await open();
    const second = await open(later(3300));
    expect(second.ca.raw).not.toEqual(first.ca.raw);
    expect(second.server.verify(second.ca.publicKey)).toBe(true);
  });

  it.each([
    ['ca.example', 'DNS:ca.example'],
    ['192.0.2.7', 'IP Address:192.0.2.7'],
    ['[2001:DB8:0::7]', 'IP Address:2001:DB8:0:0:0:0:0:7'],
    ['fe80::1%eth0', 'IP Address:FE80:0:0:0:0:0:0:1'],
  ])('is good for %s when the stack listens there', async (host, name) => {
    await open();
    expect((await open(NOW, host)).server.subjectAltName).toContain(name);
    expect((await open()).server.subjectAltName).not.toContain(name);
  });

  it.each(['localhost', '0.0.0.0', '::', '[::]'])('has no further name for %s', async (host) => {
    expect((await open(NOW, host)).server.subjectAltName?.split(', ')).toHaveLength(3);
  });

  it.each(['ca.pem', 'ca.key.pem', 'server.pem', 'server.key.pem'])(
    'is made anew when %s is damaged',
    async (name) => {
      await open();
      await writeFile(join(home.root, 'tls', name), 'garbage');
      const { server, ca } = await open();
      expect(server.verify(ca.publicKey)).toBe(true);
      expect((await open()).server.raw).toEqual(server.raw);
    },
  );
});
