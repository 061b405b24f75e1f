import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '@sigstead/server';
import { TestFiles } from '../testonly/test-authority.ts';
import { migrationEnvironmentSchema } from './migration-config.ts';

let files: TestFiles;
let preparing: NodeJS.ProcessEnv;
const prepared = {
  MIGRATION_DATABASE_URL: 'postgres://owner:secret@db/sigstead',
  SERVICE_ROLE: 'sigstead_ca',
  REVOKER_ROLE: 'sigstead_revoker',
};

beforeAll(async () => {
  files = await TestFiles.make();
  preparing = {
    ...prepared,
    ADMIN_DATABASE_URL: 'postgres://postgres:secret@db/postgres',
    SERVICE_ROLE_PASSWORD_FILE: await files.write('service', 'one\n'),
    REVOKER_ROLE_PASSWORD_FILE: await files.write('revoker', 'two\n'),
  };
});

afterAll(() => files.remove());

describe('the environment of the migration', () => {
  it('names the two roles that exist', () => {
    expect(readConfig(migrationEnvironmentSchema, prepared)).toEqual({
      databaseUrl: prepared.MIGRATION_DATABASE_URL,
      serviceRole: 'sigstead_ca',
      revokerRole: 'sigstead_revoker',
      preparation: undefined,
      revoker: undefined,
    });
  });

  it('has the passwords of the roles that are to be made', () => {
    expect(readConfig(migrationEnvironmentSchema, preparing)).toMatchObject({
      preparation: { owner: { name: 'owner' }, service: { name: 'sigstead_ca', password: 'one' } },
      revoker: { name: 'sigstead_revoker', password: 'two' },
    });
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['REVOKER_ROLE', { REVOKER_ROLE: undefined }],
    ['REVOKER_ROLE', { REVOKER_ROLE: 'sigstead_ca' }],
    ['REVOKER_ROLE_PASSWORD_FILE', { REVOKER_ROLE_PASSWORD_FILE: undefined }],
    ['REVOKER_ROLE_PASSWORD_FILE', { REVOKER_ROLE_PASSWORD_FILE: 'absent' }],
    ['REVOKER_ROLE_PASSWORD_FILE', { ADMIN_DATABASE_URL: undefined, SERVICE_ROLE_PASSWORD_FILE: undefined }],
  ])('is refused, naming %s, with %j', (name, changes) => {
    const read = (): unknown => readConfig(migrationEnvironmentSchema, { ...preparing, ...changes });
    expect(read).toThrow(new RegExp(`  ${name}: `));
    expect(read).not.toThrow(/secret/);
  });
});
