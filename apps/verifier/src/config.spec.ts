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
        trustOffline: false,
        revocationsRefreshMs: 300_000,
        requireInclusionProof: true,
        allowedRegistries: [],
        insecureRegistries: [],
        registryTokenHosts: [],
        registryTimeoutMs: 10_000,
        logTimeoutMs: 5_000,
        verifyTimeoutMs: 30_000,
        admission: { unmatched: 'deny', timeoutMs: 8_000, concurrency: 8 },
        verdictCache: { lifetimeMs: 300_000, maxEntries: 10_000 },
        maxBlobBytes: 16 * 1024 ** 3,
        maxUploads: 64,
      },
    });
  });

  it('take lists and URLs', () => {
    const { service } = read({ ALLOWED_REGISTRIES: 'ghcr.io, registry:5000', REKOR_URL: 'http://log:3000/' });
    expect(service.allowedRegistries).toEqual(['ghcr.io', 'registry:5000']);
    expect(service.rekorUrl).toBe('http://log:3000');
  });

  it('take trust roots and revocations', () => {
    const { service } = readConfig(environmentSchema, {
      TRUST_ROOTS_FILE: '/trust/roots.yaml',
      TRUST_CACHE_DIRECTORY: '/var/cache/sigstead',
      REVOCATIONS_URL: 'http://ca:5555/ca/revocations',
      REVOCATIONS_PUBLIC_KEY_FILE: '/trust/revocation.pub',
    });
    expect(service).toMatchObject({
      trustRootsFile: '/trust/roots.yaml',
      trustCacheDirectory: '/var/cache/sigstead',
      revocations: {
        source: { url: 'http://ca:5555/ca/revocations' },
        publicKeyFile: '/trust/revocation.pub',
        whenStale: 'require',
      },
    });
  });

  it('refuse revocations without their key, and of two places', () => {
    const source = { REVOCATIONS_FILE: '/trust/revocations.json' };
    expect(() => read(source)).toThrow(/REVOCATIONS_PUBLIC_KEY_FILE: is required/);
    const both = { ...source, REVOCATIONS_URL: 'http://ca/list', REVOCATIONS_PUBLIC_KEY_FILE: '/key' };
    expect(() => read(both)).toThrow(/REVOCATIONS_URL: cannot stand beside/);
  });

  it('take a database and TLS', () => {
    const { service, tls } = read({
      DATABASE_URL: 'postgres://sigstead_verifier:secret@db/sigstead',
      POLICY_ADMIN_TOKEN_FILE: '/tokens',
      TLS_PORT: '8443',
      TLS_CERT_FILE: '/tls.crt',
      TLS_KEY_FILE: '/tls.key',
    });
    expect(service.databaseUrl).toBe('postgres://sigstead_verifier:secret@db/sigstead');
    expect(tls).toEqual({ port: 8443, files: { certificateFile: '/tls.crt', keyFile: '/tls.key' } });
  });

  it('want all of TLS or nothing', () => {
    expect(() => read({ TLS_PORT: '8443', TLS_CERT_FILE: '/tls.crt' })).toThrow('TLS_KEY_FILE');
    expect(() => read({ TLS_KEY_FILE: '/tls.key' })).toThrow('TLS_PORT');
  });

  it.each([
    ['TRUSTED_ROOT_FILE', ''],
    ['TRUST_ROOTS_FILE', '/trust/roots.yaml'],
    ['TRUST_OFFLINE', 'yes'],
    ['REVOCATIONS_PUBLIC_KEY_FILE', '/trust/revocation.pub'],
    ['REVOCATIONS_URL', 'file:///list'],
    ['REVOCATIONS_WHEN_STALE', 'ignore'],
    ['REKOR_URL', 'ftp://log'],
    ['ALLOWED_REGISTRIES', 'https://ghcr.io'],
    ['ALLOW_INSECURE_REGISTRIES', 'http://registry:5000'],
    ['REQUIRE_INCLUSION_PROOF', 'yes'],
    ['REGISTRY_TIMEOUT_MS', '0'],
    ['POLICY_ADMIN_TOKEN_FILE', '/tokens'],
    ['DATABASE_PASSWORD_FILE', '/password'],
    ['ADMISSION_UNMATCHED', 'warn'],
    ['ADMISSION_TIMEOUT_MS', '0'],
  ])('refuse %s=%s by name', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(ConfigError);
    expect(() => read({ [name]: value })).toThrow(name);
  });
});
