import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@sigstead/server';
import { timestampEnvironmentSchema } from './config.ts';

const environment = {
  TSA_KEY_FILE: 'tsa.key.pem',
  TSA_PASSPHRASE_FILE: 'passphrase',
  TSA_CHAIN_FILE: 'chain.pem',
};
const read = (more: Record<string, string> = {}) =>
  readConfig(timestampEnvironmentSchema, { ...environment, ...more });

describe('settings of the timestamp authority', () => {
  it('have defaults for all but files', () => {
    expect(read()).toEqual({
      host: '127.0.0.1',
      port: 3004,
      service: {
        keyFile: 'tsa.key.pem',
        passphraseFile: 'passphrase',
        chainFile: 'chain.pem',
        acceptedPolicies: ['1.3.6.1.4.1.57264.2'],
        defaultPolicy: '1.3.6.1.4.1.57264.2',
        includeChain: false,
        maxBodyBytes: 1048576,
        clockServers: [],
        clockThreshold: 1,
        clockMaxOffsetMs: 1000,
        clockPeriodMs: 60000,
        clockTimeoutMs: 2000,
      },
    });
  });

  it('take policies and time servers, a majority of which decides', () => {
    const { service } = read({
      ACCEPTED_POLICY_OIDS: '1.2.3, 2.999.1',
      DEFAULT_POLICY_OID: '2.999.1',
      INCLUDE_CHAIN: 'true',
      CLOCK_SERVERS: 'time.example.com,[::1]:1123, 10.0.0.1',
    });
    expect(service).toMatchObject({
      acceptedPolicies: ['1.2.3', '2.999.1'],
      defaultPolicy: '2.999.1',
      includeChain: true,
      clockServers: [
        { host: 'time.example.com', port: 123 },
        { host: '::1', port: 1123 },
        { host: '10.0.0.1', port: 123 },
      ],
      clockThreshold: 2,
    });
    expect(read({ CLOCK_SERVERS: 'a,b,c', CLOCK_THRESHOLD: '3' }).service.clockThreshold).toBe(3);
  });

  it.each(Object.keys(environment))('do not go without %s', (name) => {
    expect(() => read({ [name]: '' })).toThrow(name);
  });

  it.each([
    ['PORT', '70000', {}],
    ['MAX_BODY_BYTES', '0', {}],
    ['INCLUDE_CHAIN', 'yes', {}],
    ['ACCEPTED_POLICY_OIDS', '1.3.6.1.4.1.57264.2,one.two', {}],
    ['ACCEPTED_POLICY_OIDS', '1.3.6.1.4.1.57264.2,1.40', {}],
    ['DEFAULT_POLICY_OID', '1.2.3', {}],
    ['DEFAULT_POLICY_OID', '', { ACCEPTED_POLICY_OIDS: '1.2.3' }],
    ['CLOCK_SERVERS', 'time.example.com,:99', {}],
    ['CLOCK_SERVERS', Array(17).fill('time.example.com').join(), {}],
    ['CLOCK_THRESHOLD', '2', { CLOCK_SERVERS: 'a,b,c,d' }],
    ['CLOCK_THRESHOLD', '4', { CLOCK_SERVERS: 'a,b,c' }],
    ['CLOCK_THRESHOLD', '1', {}],
    ['CLOCK_MAX_OFFSET_MS', '-1', {}],
    ['CLOCK_PERIOD_MS', '0', {}],
    ['CLOCK_TIMEOUT_MS', 'soon', {}],
  ])('refuse %s=%s', (name, value, more) => {
    expect(() => read({ ...more, [name]: value })).toThrow(name);
  });
});
