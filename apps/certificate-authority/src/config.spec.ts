import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@sigstead/server';
import { environmentSchema } from './config.ts';

const environment = {
  CA_KEY_FILE: 'ca.key.pem',
  CA_PASSPHRASE_FILE: 'passphrase',
  CA_CHAIN_FILE: 'chain.pem',
  CT_LOG_URL: 'http://log:3000/ctlog/2026/',
  CT_PUBLIC_KEY_FILE: 'ct.pub.pem',
  DATABASE_URL: 'postgres://a:secret@b/c',
  REVOCATION_KEY_FILE: 'revocation.key.pem',
  REVOCATION_PASSPHRASE_FILE: 'revocation.passphrase',
  ISSUERS_FILE: 'issuers.yaml',
};

describe('settings', () => {
  it('have defaults for all but files and the log', () => {
    expect(readConfig(environmentSchema, environment)).toMatchObject({
      host: '127.0.0.1',
      port: 5555,
      grpcPort: 5554,
      tls: undefined,
      service: { ctLogUrl: 'http://log:3000/ctlog/2026', ctTimeoutMs: 5000, issuerTimeoutMs: 5000 },
    });
  });

  it.each(Object.keys(environment))('do not go without %s', (name) => {
    expect(() => readConfig(environmentSchema, { ...environment, [name]: '' })).toThrow(name);
  });

  it('make a CA in memory when that is wanted, which needs no key', () => {
    const { CA_KEY_FILE: _key, CA_PASSPHRASE_FILE: _passphrase, ...others } = environment;
    expect(readConfig(environmentSchema, { ...others, CA_EPHEMERAL: 'P-384' }).service.authority).toEqual({
      ephemeralKeyType: 'P-384',
      chainFile: 'chain.pem',
    });
    expect(() => readConfig(environmentSchema, { ...environment, CA_EPHEMERAL: 'P-384' })).toThrow(
      /CA_KEY_FILE: has no meaning with CA_EPHEMERAL/,
    );
  });

  it('listen with TLS when port, certificate and key are given', () => {
    const tls = { TLS_PORT: '0', TLS_CERT_FILE: 'tls.pem', TLS_KEY_FILE: 'tls.key' };
    expect(readConfig(environmentSchema, { ...environment, ...tls }).tls).toEqual({
      port: 0,
      files: { certificateFile: 'tls.pem', keyFile: 'tls.key' },
    });
    for (const name of Object.keys(tls))
      expect(() => readConfig(environmentSchema, { ...environment, ...tls, [name]: '' })).toThrow(
        new RegExp(`${name}: is required`),
      );
  });

  it.each([
    ['PORT', '70000'],
    ['GRPC_PORT', '-1'],
    ['TLS_PORT', 'https'],
    ['CA_EPHEMERAL', 'RSA'],
    ['CT_LOG_URL', 'log:3000'],
    ['CT_TIMEOUT_MS', '0'],
    ['REVOCATION_LIFETIME_SECONDS', '59'],
    ['REVOCATION_LIFETIME_SECONDS', '2592001'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readConfig(environmentSchema, { ...environment, [name]: value })).toThrow(name);
  });
});
