import { describe, expect, it } from '@jest/globals';
import { parseIssuerConfigs } from './issuer-config.ts';
import { IssuerPool } from './issuer-pool.ts';

const github = {
  issuerUrl: 'https://token.example',
  clientId: 'sigstore',
  type: 'ci-provider',
  ciProvider: 'github-workflow',
};
const email = { issuerUrl: 'https://accounts.example', clientId: 'sigstore', type: 'email' };

describe('parseIssuerConfigs', () => {
  it('takes a list of issuers with everything that can be set', () => {
    const configs = [
      {
        ...github,
        providerUrl: 'https://ghe.example',
        discoveryUrl: 'http://issuer:8090/issuers/github',
        allowInsecureHttp: true,
      },
      { ...email, issuerUrl: 'http://localhost:8080/issuers/email', jwks: { keys: [] } },
    ];
    expect(parseIssuerConfigs(JSON.stringify(configs))).toEqual(configs);
  });

  it.each<[string, unknown, RegExp]>([
    ['no list', github, /expected array/],
    ['an empty list', [], /top level/],
    ['an unknown type', [{ ...github, type: 'magic' }], /0\.type/],
    ['an unknown provider', [{ ...github, ciProvider: 'other' }], /0\.ciProvider/],
    ['an unknown field', [{ ...email, issuer: 'x' }], /issuer/],
    ['an empty audience', [{ ...email, clientId: '' }], /0\.clientId/],
    ['no URL', [{ ...email, issuerUrl: 'accounts.example' }], /0\.issuerUrl/],
    ['another scheme', [{ ...email, issuerUrl: 'ftp://accounts.example' }], /0\.issuerUrl/],
    ['credentials', [{ ...email, issuerUrl: 'https://a:b@accounts.example' }], /0\.issuerUrl/],
    ['plain http to another host', [{ ...email, issuerUrl: 'http://accounts.example' }], /allowInsecureHttp/],
    [
      'plain http to a look-alike of loopback',
      [{ ...email, issuerUrl: 'http://localhost.example' }],
      /allowInsecureHttp/,
    ],
    ['plain http discovery', [{ ...email, discoveryUrl: 'http://10.0.0.1' }], /0\.discoveryUrl/],
    ['the same issuer twice', [email, email], /configured twice/],
  ])('refuses %s', (_name, configs, message) => {
    expect(() => parseIssuerConfigs(JSON.stringify(configs))).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) }),
    );
  });

  it('refuses text that is no JSON', () => {
    expect(() => parseIssuerConfigs('oidc-issuers:')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
});

describe('IssuerPool', () => {
  const options = { fetch: () => Promise.reject(new Error('dialled')), clock: () => new Date(0) };

  it('refuses doubled issuers and unusable pinned keys at start', () => {
    const [config] = parseIssuerConfigs(JSON.stringify([email]));
    if (config === undefined) throw new Error('no config');
    expect(() => new IssuerPool([config, config], options)).toThrow(
      expect.objectContaining({ code: 'CONFIG' }),
    );
    expect(() => new IssuerPool([{ ...config, jwks: { keys: [] } }], options)).toThrow(
      expect.objectContaining({ code: 'JWKS' }),
    );
  });
});
