import { ConfigError, readConfig } from '@sigstead/server';
import { describe, expect, it } from '@jest/globals';
import { environmentSchema } from './config.ts';

const read = (environment: Record<string, string>) =>
  readConfig(environmentSchema, { TRUSTED_ROOT_FILE: '/trust/trusted_root.json', ...environment });

describe('settings', () => {
  it('are strict unless told', () => {
    expect(read({})).toEqual({
      host: '127.0.0.1',
      port: 4100,
      service: {
        trustedRootFile: '/trust/trusted_root.json',
        requireInclusionProof: true,
        allowedRegistries: [],
        insecureRegistries: [],
        registryTimeoutMs: 10_000,
        logTimeoutMs: 5_000,
        verifyTimeoutMs: 30_000,
      },
    });
  });

  it('take lists and URLs', () => {
    const { service } = read({ ALLOWED_REGISTRIES: 'ghcr.io, registry:5000', REKOR_URL: 'http://log:3000/' });
    expect(service.allowedRegistries).toEqual(['ghcr.io', 'registry:5000']);
    expect(service.rekorUrl).toBe('http://log:3000');
  });

  it.each([
    ['TRUSTED_ROOT_FILE', ''],
    ['REKOR_URL', 'ftp://log'],
    ['ALLOWED_REGISTRIES', 'https://ghcr.io'],
    ['ALLOW_INSECURE_REGISTRIES', 'http://registry:5000'],
    ['REQUIRE_INCLUSION_PROOF', 'yes'],
    ['REGISTRY_TIMEOUT_MS', '0'],
  ])('refuse %s=%s by name', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(ConfigError);
    expect(() => read({ [name]: value })).toThrow(name);
  });
});
