import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@sigstead/server';
import { environmentSchema } from './config.ts';

const environment = {
  CA_KEY_FILE: 'ca.key.pem',
  CA_PASSPHRASE_FILE: 'passphrase',
  CA_CHAIN_FILE: 'chain.pem',
  CT_LOG_URL: 'http://log:3000/ctlog/2026/',
  CT_PUBLIC_KEY_FILE: 'ct.pub.pem',
  ISSUERS_FILE: 'issuers.json',
};

describe('settings', () => {
  it('have defaults for all but files and the log', () => {
    expect(readConfig(environmentSchema, environment)).toMatchObject({
      host: '127.0.0.1',
      port: 5555,
      service: { ctLogUrl: 'http://log:3000/ctlog/2026', ctTimeoutMs: 5000, issuerTimeoutMs: 5000 },
    });
  });

  it.each(Object.keys(environment))('do not go without %s', (name) => {
    expect(() => readConfig(environmentSchema, { ...environment, [name]: '' })).toThrow(name);
  });

  it.each([
    ['PORT', '70000'],
    ['CT_LOG_URL', 'log:3000'],
    ['CT_TIMEOUT_MS', '0'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readConfig(environmentSchema, { ...environment, [name]: value })).toThrow(name);
  });
});
