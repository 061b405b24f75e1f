import { ConfigError, readConfig } from '@sigstead/server';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, environmentSchema } from './config.ts';

const LEAST = {
  CA_URL: 'http://ca:5555/',
  REKOR_URL: 'http://log:3000',
  TRUSTED_ROOT_FILE: '/trust/trusted_root.json',
  DATABASE_URL: 'postgres://signer:secret@db/sigstead',
};
const read = (environment: Record<string, string>) => readConfig(environmentSchema, environment);

describe('settings', () => {
  it('are strict unless told', () => {
    expect(read(LEAST)).toEqual({
      host: '127.0.0.1',
      port: 4000,
      service: {
        services: {
          caUrl: 'http://ca:5555',
          rekorUrl: 'http://log:3000',
          rekorV2Url: undefined,
          tsaUrls: [],
        },
        rekorVersion: undefined,
        trustedRootFile: '/trust/trusted_root.json',
        allowedRegistries: [],
        insecureRegistries: [],
        registryTokenHosts: [],
        dockerConfigFile: undefined,
        databaseUrl: 'postgres://signer:secret@db/sigstead',
        limits: DEFAULT_LIMITS,
      },
    });
  });

  it('take both logs, with timestamp authorities and a version to begin with', () => {
    const { service } = read({
      ...LEAST,
      REKOR_V2_URL: 'http://log:3000',
      TSA_URLS: 'http://tsa:3004/api/v1/timestamp, https://tsa.example/',
      REKOR_VERSION: '2',
    });
    expect(service).toMatchObject({
      services: {
        rekorV2Url: 'http://log:3000',
        tsaUrls: ['http://tsa:3004/api/v1/timestamp', 'https://tsa.example'],
      },
      rekorVersion: 2,
    });
  });

  it('take signing configs in the place of URLs', () => {
    const { CA_URL: _ca, REKOR_URL: _log, ...rest } = LEAST;
    expect(read({ ...rest, SIGNING_CONFIG_FILES: 'a.json,b.json' }).service.services).toEqual({
      signingConfigFiles: ['a.json', 'b.json'],
    });
  });

  it('take the token service of a registry', () => {
    const { service } = read({ ...LEAST, REGISTRY_TOKEN_HOSTS: 'Registry.example:5000=git.example' });
    expect(service.registryTokenHosts).toEqual([['registry.example:5000', 'git.example']]);
  });

  it('sign without a record only when that is said', () => {
    const { DATABASE_URL: _, ...without } = LEAST;
    expect(() => read(without)).toThrow(/DATABASE_URL: is required, or ALLOW_NO_RECORD=true/);
    expect(read({ ...without, ALLOW_NO_RECORD: 'true' }).service.databaseUrl).toBeUndefined();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no authority', { ...LEAST, CA_URL: '' }, /CA_URL: is required, or SIGNING_CONFIG_FILES/],
    ['no log', { ...LEAST, REKOR_URL: '' }, /REKOR_URL: is required, or REKOR_V2_URL/],
    [
      'Rekor v2 without a time',
      { ...LEAST, REKOR_V2_URL: 'http://log' },
      /TSA_URLS: is required with REKOR_V2_URL/,
    ],
    [
      'URLs beside signing configs',
      { ...LEAST, SIGNING_CONFIG_FILES: 'a.json' },
      /has no meaning with CA_URL and REKOR_URL/,
    ],
    ['a record and none', { ...LEAST, ALLOW_NO_RECORD: 'true' }, /ALLOW_NO_RECORD: contradicts DATABASE_URL/],
    ['a version that is none', { ...LEAST, REKOR_VERSION: '3' }, /REKOR_VERSION/],
    ['a bound of nothing', { ...LEAST, MAX_ARTIFACTS: '0' }, /MAX_ARTIFACTS/],
    [
      'a token service of no registry',
      { ...LEAST, REGISTRY_TOKEN_HOSTS: 'git.example' },
      /want registry=host/,
    ],
    ['a token service anywhere', { ...LEAST, REGISTRY_TOKEN_HOSTS: 'a.example=*.b' }, /want registry=host/],
    ['a registry that is none', { ...LEAST, ALLOWED_REGISTRIES: 'a b' }, /ALLOWED_REGISTRIES/],
  ])('refuse %s', (_name, environment, message) => {
    expect(() => read(environment)).toThrow(ConfigError);
    expect(() => read(environment)).toThrow(message);
  });
});
