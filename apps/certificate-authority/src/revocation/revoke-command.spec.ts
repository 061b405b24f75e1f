import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { createPool } from '@sigstead/postgres';
import { IssuanceRecord, type CertificateEntry } from '../record/issuance-record.ts';
import { makeTestChain, type TestChain } from '../testonly/test-authority.ts';
import { IDENTITY, ISSUER, makeEntry } from '../testonly/test-certificates.ts';
import { TestDatabase } from '../testonly/test-database.ts';
import { revokeCommand } from './revoke-command.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const KEY = 'ab'.repeat(32);

let database: TestDatabase;
let chain: TestChain;
let entry: CertificateEntry;
let printed: string;

beforeAll(async () => {
  [database, chain] = await Promise.all([TestDatabase.start(), makeTestChain(NOW)]);
  const pool = createPool({ url: database.serviceUrl, applicationName: 'test' });
  entry = await makeEntry(chain, NOW);
  await new IssuanceRecord(pool).enter(entry);
  await pool.end();
}, 60_000);

afterAll(() => database?.stop());

beforeEach(() => {
  printed = '';
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

/** Runs the command an hour after the certificate was issued, unless told. */
async function run(args: readonly string[], url = database.revokerUrl): Promise<string> {
  printed = '';
  const command = revokeCommand({
    environment: { REVOCATION_DATABASE_URL: url },
    now: new Date(NOW.getTime() + 3_600_000),
    write: (text) => (printed += text),
  });
  // Commander ends the process on wrong usage unless told to throw.
  for (const each of [command, ...command.commands]) each.exitOverride();
  await command.parseAsync([...args], { from: 'user' });
  return printed;
}

const why = ['--comment', 'laptop stolen', '--by', 'ada'];
const rows = (): Promise<Record<string, unknown>[]> =>
  database.run(database.revokerUrl, 'SELECT * FROM certificate_authority.revocation ORDER BY sequence');

describe('an operator revokes', () => {
  it('a recorded certificate, for its whole life unless told', async () => {
    const serial = encodeHex(entry.certificate.serialNumber);
    const text = await run(['--serial', serial.toUpperCase(), '--reason', 'keyCompromise', ...why]);
    expect(text).toMatch(/^revoked, number 1: \{.*"from":"2026-03-01T12:00:00Z","reason":"keyCompromise"/);
    expect(text).toContain(`"authorityKeyId":"${encodeHex(chain.intermediate.spkiHash)}"`);
    expect(await rows()).toMatchObject([
      { sequence: '1', kind: 'serial', comment: 'laptop stolen', revoked_by: 'ada', effective_from: NOW },
    ]);
  });

  it('again, which changes nothing', async () => {
    const again = ['--serial', encodeHex(entry.certificate.serialNumber), '--reason', 'keyCompromise'];
    expect(await run([...again, ...why])).toMatch(/^already revoked by number 1: /);
    expect(await rows()).toHaveLength(1);
  });

  it.each<[string, string[], object]>([
    [
      'a certificate from before the record',
      ['--serial', '0a:0b', '--issued-by', KEY, '--from', 'always'],
      { kind: 'serial', serialNumber: '0a0b', authorityKeyId: KEY, from: '1970-01-01T00:00:00Z' },
    ],
    [
      'a key, from a day on',
      ['--key', KEY.toUpperCase(), '--from', '2026-02-28'],
      { kind: 'key', keyHash: KEY, from: '2026-02-28T00:00:00Z' },
    ],
    [
      'an identity, from now on',
      ['--identity', IDENTITY, '--from', 'now'],
      { kind: 'identity', identity: IDENTITY, from: '2026-03-01T13:00:00Z' },
    ],
    [
      'an identity at one issuer, from a moment on',
      ['--identity', IDENTITY, '--issuer', ISSUER, '--from', '2026-03-01T12:30:00Z'],
      { kind: 'identity', identity: IDENTITY, issuer: ISSUER, from: '2026-03-01T12:30:00Z' },
    ],
    [
      'an authority',
      ['--authority', KEY, '--from', '2026-02-01', '--reason', 'cACompromise'],
      { kind: 'authority', authorityKeyId: KEY, reason: 'cACompromise' },
    ],
  ])('%s', async (_name, args, expected) => {
    const text = await run([...args, ...why]);
    expect(text).toMatch(/^revoked, number \d+: /);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject(expected);
  });

  it('and lists it, with what is for operators', async () => {
    const lines = (await run(['list'])).trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { sequence: 1, kind: 'serial', comment: 'laptop stolen', revokedBy: 'ada' },
      { sequence: 2, kind: 'serial' },
      { sequence: 3, kind: 'key' },
      { sequence: 4, kind: 'identity' },
      { sequence: 5, kind: 'identity', issuer: ISSUER },
      { sequence: 6, kind: 'authority', revokedAt: '2026-03-01T13:00:00Z' },
    ]);
  });
});

describe('nothing is revoked', () => {
  it.each<[string, string[], RegExp]>([
    ['without a target', ['--from', 'now'], /exactly one of/],
    ['with two targets', ['--key', KEY, '--authority', KEY, '--from', 'now'], /exactly one of/],
    [
      'with an issuer of no identity',
      ['--key', KEY, '--issuer', ISSUER, '--from', 'now'],
      /--issuer is of use only/,
    ],
    [
      'with an authority of no serial number',
      ['--key', KEY, '--issued-by', KEY, '--from', 'now'],
      /--issued-by is of use only/,
    ],
    ['without a date', ['--key', KEY], /has to be said/],
    ['from a date to come', ['--key', KEY, '--from', '2026-03-02'], /later than now/],
    [
      'from a date that does not exist',
      ['--key', KEY, '--from', '2026-02-30'],
      /want now, always, or a date/,
    ],
    [
      'from a date without a zone',
      ['--key', KEY, '--from', '2026-02-01T00:00:00'],
      /want now, always, or a date/,
    ],
    ['of a serial number that is none', ['--serial', 'x'], /serial number "x"/],
    ['of a serial number nobody recorded', ['--serial', '77'], /name the authority/],
    ['of a key that is no SHA-256', ['--key', 'ab', '--from', 'now'], /want a SHA-256/],
    ['of an empty identity', ['--identity', ' ', '--from', 'now'], /identity: want text/],
    ['of an identity with a line feed', ['--identity', 'a\nb', '--from', 'now'], /identity: want text/],
    ['of an identity that is cut in half', ['--identity', '\ud800', '--from', 'now'], /identity: want text/],
    ['of an endless identity', ['--identity', 'x'.repeat(4097), '--from', 'now'], /identity: want text/],
    [
      'of an endless issuer',
      ['--identity', 'x', '--issuer', 'x'.repeat(2049), '--from', 'now'],
      /issuer: want text/,
    ],
    [
      'for a reason that could be taken back',
      ['--key', KEY, '--from', 'now', '--reason', 'certificateHold'],
      /Allowed choices/,
    ],
  ])('%s', async (_name, args, message) => {
    const before = await rows();
    await expect(run([...args, ...why])).rejects.toThrow(message);
    expect(await rows()).toEqual(before);
  });

  it('of a certificate that another authority issued', async () => {
    const serial = encodeHex(entry.certificate.serialNumber);
    await expect(run(['--serial', serial, '--issued-by', KEY, ...why])).rejects.toThrow(
      /of another authority/,
    );
  });

  it('without a comment', async () => {
    await expect(run(['--key', KEY, '--from', 'now'])).rejects.toThrow(/comment: want text/);
    await expect(run(['--key', KEY, '--from', 'now', '--comment', ''])).rejects.toThrow(/comment: want text/);
  });

  it('with the role of the service', async () => {
    const attempt = run(['--key', 'cd'.repeat(32), '--from', 'now', ...why], database.serviceUrl);
    await expect(attempt).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { code: '42501' } });
  });

  it('without a database to go to', async () => {
    await expect(run(['list'], '')).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('REVOCATION_DATABASE_URL') as unknown,
    });
  });
});
