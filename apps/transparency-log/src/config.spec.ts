import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '@sigstead/server';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentSchema, logsFileSchema } from './config.ts';
import { migrationEnvironmentSchema } from '@sigstead/postgres';

const environment = {
  DATABASE_URL: 'postgres://a:secret@b/c',
  LOGS_FILE: 'logs.json',
  ANCHOR_DIRECTORY: 'anchors',
};

describe('the environment', () => {
  it('has defaults for everything but database, logs and anchors', () => {
    expect(readConfig(environmentSchema, environment)).toEqual({
      host: '127.0.0.1',
      port: 3000,
      service: {
        databaseUrl: 'postgres://a:secret@b/c',
        logsFile: 'logs.json',
        anchors: { directory: 'anchors' },
        maxBodyBytes: 8 * 1024 * 1024,
      },
    });
  });

  it.each([
    ['DATABASE_URL', ''],
    ['LOGS_FILE', ''],
    ['ANCHOR_DIRECTORY', ''],
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['MAX_BODY_BYTES', '0'],
  ])('is refused by name when %s is %j, without a secret', (name, value) => {
    const read = (): unknown => readConfig(environmentSchema, { ...environment, [name]: value });
    expect(read).toThrow(new RegExp(name));
    expect(read).not.toThrow(/secret/);
  });

  it('of the migration needs owner and role', () => {
    expect(() => readConfig(migrationEnvironmentSchema, {})).toThrow(
      /MIGRATION_DATABASE_URL[^]*SERVICE_ROLE/,
    );
  });
});

describe('a password in a file', () => {
  let directory: string;
  const file = (name: string): string => join(directory, name);

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'sigstead-config-'));
    for (const name of ['superuser', 'owner', 'service']) writeFileSync(file(name), `${name}/@: ö\n`);
    writeFileSync(file('empty'), '\n');
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it('completes the connection string', () => {
    const { service } = readConfig(environmentSchema, {
      ...environment,
      DATABASE_URL: 'postgres://sigstead_log@postgres:5432/sigstead?sslmode=require',
      DATABASE_PASSWORD_FILE: file('service'),
    });
    expect(service.databaseUrl).toBe(
      'postgres://sigstead_log:service%2F%40%3A%20%C3%B6@postgres:5432/sigstead?sslmode=require',
    );
  });

  it.each([
    ['DATABASE_URL', 'postgres://a:secret@b/c', 'service'],
    ['DATABASE_URL', 'postgres://b/c', 'service'],
    ['DATABASE_URL', 'postgres:///c', 'service'],
    ['DATABASE_URL', 'secret', 'service'],
    ['DATABASE_URL', 'postgres://%zz@b/c', 'service'],
    ['DATABASE_PASSWORD_FILE', 'postgres://a@b/c', 'empty'],
    ['DATABASE_PASSWORD_FILE', 'postgres://a@b/c', 'absent'],
  ])('is refused, naming %s, for %s and the file %s', (name, url, password) => {
    const read = (): unknown =>
      readConfig(environmentSchema, {
        ...environment,
        DATABASE_URL: url,
        DATABASE_PASSWORD_FILE: file(password),
      });
    expect(read).toThrow(new RegExp(`^settings are not usable:\\n {2}${name}: .*$`));
    expect(read).not.toThrow(/secret/);
  });

  const compose = () => ({
    ADMIN_DATABASE_URL: 'postgres://postgres@postgres:5432/postgres',
    ADMIN_DATABASE_PASSWORD_FILE: file('superuser'),
    MIGRATION_DATABASE_URL: 'postgres://sigstead_owner@postgres:5432/sigstead',
    MIGRATION_DATABASE_PASSWORD_FILE: file('owner'),
    SERVICE_ROLE: 'sigstead_log',
    SERVICE_ROLE_PASSWORD_FILE: file('service'),
  });

  it('is there for each of the three roles of a migration that prepares the server', () => {
    expect(readConfig(migrationEnvironmentSchema, compose())).toEqual({
      databaseUrl: 'postgres://sigstead_owner:owner%2F%40%3A%20%C3%B6@postgres:5432/sigstead',
      serviceRole: 'sigstead_log',
      preparation: {
        adminUrl: 'postgres://postgres:superuser%2F%40%3A%20%C3%B6@postgres:5432/postgres',
        owner: { name: 'sigstead_owner', password: 'owner/@: ö' },
        service: { name: 'sigstead_log', password: 'service/@: ö' },
        database: 'sigstead',
      },
    });
  });

  it('is not needed by a migration of what is there already', () => {
    const { MIGRATION_DATABASE_URL, SERVICE_ROLE } = compose();
    expect(readConfig(migrationEnvironmentSchema, { MIGRATION_DATABASE_URL, SERVICE_ROLE })).toEqual({
      databaseUrl: MIGRATION_DATABASE_URL,
      serviceRole: 'sigstead_log',
      preparation: undefined,
    });
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['SERVICE_ROLE_PASSWORD_FILE', { SERVICE_ROLE_PASSWORD_FILE: undefined }],
    ['MIGRATION_DATABASE_URL', { MIGRATION_DATABASE_PASSWORD_FILE: undefined }],
    ['MIGRATION_DATABASE_URL', { MIGRATION_DATABASE_URL: 'postgres://owner@postgres' }],
    ['ADMIN_DATABASE_URL', { ADMIN_DATABASE_URL: 'postgres://a:b@postgres/postgres' }],
    ['ADMIN_DATABASE_PASSWORD_FILE', { ADMIN_DATABASE_PASSWORD_FILE: 'absent' }],
    ['SERVICE_ROLE_PASSWORD_FILE', { ADMIN_DATABASE_URL: undefined }],
  ])('of a migration is refused, naming %s, with %j', (name, changes) => {
    const read = (): unknown => readConfig(migrationEnvironmentSchema, { ...compose(), ...changes });
    expect(read).toThrow(new RegExp(`  ${name}: `));
  });
});

describe('the list of logs', () => {
  const keys = { keyFile: 'k', passphraseFile: 'p' };

  it('asks for code signing unless told', () => {
    const [log] = logsFileSchema.parse([{ kind: 'ct', shard: '2026', rootsFile: 'r', ...keys }]);
    expect(log).toMatchObject({ extendedKeyUsages: ['1.3.6.1.5.5.7.3.3'], acceptExpired: true });
  });

  it('may say of a CT log which certificates it takes, and who signs beside it', () => {
    const log = {
      kind: 'ct',
      shard: '2026',
      origin: 'ct.example.com/ctlog/2026',
      rootsFile: 'r',
      additionalKeyFile: 'a',
      additionalPassphraseFile: 'b',
      acceptExpired: false,
      extendedKeyUsages: ['1.3.6.1.5.5.7.3.1'],
      notAfterStart: '2026-01-01T00:00:00Z',
      notAfterLimit: '2027-01-01T00:00:00Z',
      ...keys,
    };
    expect(logsFileSchema.parse([log])).toEqual([log]);
  });

  it.each([
    { kind: 'rekor-v1', treeId: '0', host: 'a', ...keys },
    { kind: 'rekor-v1', treeId: '01', host: 'a', ...keys },
    { kind: 'rekor-v1', treeId: '1', host: 'a\nb', ...keys },
    { kind: 'rekor-v1', treeId: '1', host: 'a', treeLength: '5', ...keys },
    { kind: 'rekor-v1', treeId: '1', host: 'a', entryKinds: ['rekord'], ...keys },
    { kind: 'rekor-v1', treeId: '1', host: 'a', signers: {}, ...keys },
    { kind: 'rekor-v1', treeId: '1', host: 'a', disabledOperations: ['ping'], ...keys },
    { kind: 'rekor-v1', treeId: '1', host: 'a', maxAttestationBytes: -1, ...keys },
    { kind: 'ct', shard: '../x', rootsFile: 'r', ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', extendedKeyUsages: [], ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', extendedKeyUsages: ['codeSigning'], ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', notAfterStart: '2026', ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', notAfterLimit: '2026-13-01T00:00:00Z', ...keys },
    {
      kind: 'ct',
      shard: 'a',
      rootsFile: 'r',
      notAfterStart: '2026-01-01T00:00:00Z',
      notAfterLimit: '2026-01-01T00:00:00Z',
      ...keys,
    },
    { kind: 'ct', shard: 'a', rootsFile: 'r', additionalPassphraseFile: 'p', ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', acceptExpired: 'no', ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', origin: 'https://a+b', ...keys },
    { kind: 'rekor-v2' },
    { kind: 'rekor-v2', origin: 'log.example:3000', ...keys },
    { kind: 'rekor-v2', origin: 'https://log.example', ...keys },
    { kind: 'rekor-v2', origin: 'log.example/a', ...keys },
    { kind: 'rekor-v2', origin: 'log.example - 1', ...keys },
    { kind: 'rekor-v2', origin: 'Log.example', ...keys },
    { kind: 'rekor-v2', origin: 'log..example', ...keys },
    { kind: 'rekor-v2', origin: `${'a'.repeat(64)}.example`, ...keys },
    { kind: 'rekor-v2', origin: 'a.'.repeat(127), ...keys },
    { kind: 'rekor-v2', origin: 'log.example', entryKinds: ['intoto'], ...keys },
    { kind: 'rekor-v2', origin: 'log.example', signingAlgorithms: ['ed25519'], ...keys },
    { kind: 'rekor-v2', origin: 'log.example', duplicates: 'ignore', ...keys },
    { kind: 'rekor-v2', origin: 'log.example', witnesses: {}, ...keys },
    { kind: 'rekor-v2', origin: 'log.example', witnesses: { policyFile: 'p', timeoutMs: 0 }, ...keys },
    { kind: 'rekor-v2', origin: 'log.example', witnesses: { policyFile: 'p', onMissing: 'x' }, ...keys },
    { kind: 'rekor-v2', origin: 'log.example', treeId: '1', ...keys },
  ])('refuses %j', (log) => {
    expect(logsFileSchema.safeParse([log]).success).toBe(false);
  });

  it('has defaults for a Rekor v2 log', () => {
    const log = { kind: 'rekor-v2', origin: 'log2026-1.example.com', ...keys };
    expect(logsFileSchema.parse([log])).toEqual([{ ...log, duplicates: 'entry' }]);
    expect(logsFileSchema.parse([{ ...log, witnesses: { policyFile: 'p' } }])).toMatchObject([
      { witnesses: { policyFile: 'p', timeoutMs: 1_000, onMissing: 'publish' } },
    ]);
  });

  it('has each Rekor v2 origin once', () => {
    const log = { kind: 'rekor-v2', origin: 'rekor-local', ...keys };
    expect(logsFileSchema.safeParse([log, { ...log, origin: 'other' }]).success).toBe(true);
    expect(logsFileSchema.safeParse([log, log]).success).toBe(false);
  });

  it('may have several shards of the Rekor log, all but the last with their final size', () => {
    const shard = (treeId: string, treeLength?: string): object => ({
      kind: 'rekor-v1',
      host: 'a',
      treeId,
      ...(treeLength === undefined ? {} : { treeLength }),
      ...keys,
    });
    const isTaken = (...shards: readonly object[]): boolean => logsFileSchema.safeParse(shards).success;
    expect(isTaken(shard('1', '5'), shard('2', '0'), shard('3'))).toBe(true);
    expect(isTaken(shard('1'), shard('2'))).toBe(false);
    expect(isTaken(shard('1', '5'), shard('2', '5'))).toBe(false);
    expect(isTaken(shard('1', '05'), shard('2'))).toBe(false);
    expect(isTaken(shard('1', '5'), shard('1'))).toBe(false);
  });
});
