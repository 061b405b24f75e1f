import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@sigstead/server';
import { environmentSchema, logsFileSchema, migrationEnvironmentSchema } from './config.ts';

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
        anchorDirectory: 'anchors',
        maxBodyBytes: 512 * 1024,
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

describe('the list of logs', () => {
  const keys = { keyFile: 'k', passphraseFile: 'p' };

  it('asks for code signing unless told', () => {
    const [log] = logsFileSchema.parse([{ kind: 'ct', shard: '2026', rootsFile: 'r', ...keys }]);
    expect(log).toMatchObject({ extendedKeyUsages: ['1.3.6.1.5.5.7.3.3'] });
  });

  it.each([
    { kind: 'rekor-v1', treeId: '0', host: 'a', ...keys },
    { kind: 'rekor-v1', treeId: '01', host: 'a', ...keys },
    { kind: 'rekor-v1', treeId: '1', host: 'a\nb', ...keys },
    { kind: 'ct', shard: '../x', rootsFile: 'r', ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', extendedKeyUsages: [], ...keys },
    { kind: 'ct', shard: 'a', rootsFile: 'r', extendedKeyUsages: ['codeSigning'], ...keys },
    { kind: 'rekor-v2' },
  ])('refuses %j', (log) => {
    expect(logsFileSchema.safeParse([log]).success).toBe(false);
  });
});
