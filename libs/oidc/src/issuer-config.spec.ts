import { describe, expect, it } from '@jest/globals';
import { parseIssuerConfiguration } from './configuration/parse-issuer-configuration.ts';

const EMAIL = 'https://accounts.example.com';
const email = { 'client-id': 'sigstore', type: 'email' };

const file = (issuers: object, rest: object = {}): string =>
  JSON.stringify({ 'oidc-issuers': issuers, ...rest });
const one = (fields: object, issuerUrl = EMAIL): string => file({ [issuerUrl]: { ...email, ...fields } });

describe('parseIssuerConfiguration', () => {
  it('takes an issuer with everything that can be set', () => {
    const { issuers } = parseIssuerConfiguration(
      one(
        {
          'issuer-url': 'http://issuer.internal/realm',
          'challenge-claim': 'email',
          'issuer-claim': "$.federated_claims['connector_id']",
          'skip-email-verification': true,
          'discovery-url': 'http://issuer:8090/issuers/email',
          'allow-insecure-http': true,
          jwks: { keys: [] },
          contact: 'admin@example.com',
          description: 'people',
        },
        'http://issuer.internal/realm',
      ),
    );
    expect(issuers).toEqual([
      {
        issuerUrl: 'http://issuer.internal/realm',
        clientId: 'sigstore',
        challengeClaim: 'email',
        discoveryUrl: 'http://issuer:8090/issuers/email',
        allowInsecureHttp: true,
        jwks: { keys: [] },
        contact: 'admin@example.com',
        description: 'people',
        type: 'email',
        issuerClaim: ['federated_claims', 'connector_id'],
        skipEmailVerification: true,
      },
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['a list, as older versions had', '[]', /want a mapping/],
    ['no issuer', '{}', /oidc-issuers: want one issuer/],
    [
      'an unknown type',
      one({ type: 'magic', 'challenge-claim': 'sub' }),
      /\.type: "magic" is no issuer type/,
    ],
    ['no type', one({ type: null }), /\.type/],
    [
      'no audience',
      one({ 'client-id': '' }),
      /oidc-issuers\["https:\/\/accounts\.example\.com"\]\.client-id/,
    ],
    ['an audience that is no text', one({ 'client-id': 7 }), /\.client-id: want a text/],
    ['a flag that is none', one({ 'skip-email-verification': 'perhaps' }), /\.skip-email-verification/],
    ['no URL', one({}, 'accounts.example.com'), /\.issuer-url/],
    ['another scheme', one({}, 'ftp://accounts.example.com'), /\.issuer-url/],
    ['a URL with white space before it', one({}, ' https://accounts.example.com'), /\.issuer-url/],
    ['a URL with backslashes', one({}, 'https:\\\\accounts.example.com'), /\.issuer-url/],
    ['credentials', one({}, 'https://a:b@accounts.example.com'), /\.issuer-url/],
    ['another issuer than the key', one({ 'issuer-url': 'https://other.example' }), /differs from the key/],
    ['plain http to another host', one({}, 'http://accounts.example.com'), /allow-insecure-http/],
    ['plain http to a look-alike of loopback', one({}, 'http://localhost.example'), /allow-insecure-http/],
    ['plain http discovery', one({ 'discovery-url': 'http://10.0.0.1' }), /\.discovery-url/],
    ['keys that are none', one({ jwks: 'keys' }), /\.jwks/],
    ['certificates that are none', one({ 'ca-cert': 'hello' }), /\.ca-cert/],
    [
      'certificates without content',
      one({ 'ca-cert': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }),
      /\.ca-cert/,
    ],
    [
      'a claim for the issuer but of people',
      one({ type: 'kubernetes', 'issuer-claim': '$.a' }),
      /issuer-claim/,
    ],
    ['a claim path with a filter', one({ 'issuer-claim': '$.a[?(@.b)]' }), /\.issuer-claim/],
    [
      'a CI provider without metadata',
      one({ type: 'ci-provider', 'ci-provider': 'nobody' }),
      /no entry "nobody"/,
    ],
    ['a CI provider without its name', one({ type: 'ci-provider' }), /\.ci-provider/],
    ['an unknown preset', one({ preset: 'magic' }), /no preset "magic"/],
    ['a server that is no URL', one({ type: 'ci-provider', preset: 'github', url: 'github' }), /\.url/],
    ['a server for people', one({ url: 'https://github.com' }), /\.url/],
    ['no trust domain', one({ type: 'spiffe' }), /\.spiffe-trust-domain/],
    ['a bad trust domain', one({ type: 'spiffe', 'spiffe-trust-domain': 'invalid#domain' }), /trust-domain/],
    ['no subject domain', one({ type: 'uri' }), /\.subject-domain/],
    ['a bare URI domain', one({ type: 'uri', 'subject-domain': 'example.com' }), /\.subject-domain/],
    ['another scheme', one({ type: 'uri', 'subject-domain': 'http://example.com' }), /scheme/],
    ['another domain', one({ type: 'uri', 'subject-domain': 'https://example.org' }), /not below the domain/],
    [
      'a user domain with scheme',
      one({ type: 'username', 'subject-domain': 'https://example.com' }),
      /without scheme/,
    ],
    ['another user domain', one({ type: 'username', 'subject-domain': 'other.com' }), /not below the domain/],
    ['a short user domain', one({ type: 'username', 'subject-domain': 'com' }), /not below the domain/],
    ['a key under two names', one({ ClientID: 'other' }), /given under two names/],
    ['more than a mebibyte', `${one({})}${' '.repeat(1024 * 1024)}`, /1048576/],
    ['bytes that are no UTF-8', '\ud800', /YAML|mapping|UTF/],
  ])('refuses %s', (_name, source, message) => {
    expect(() => parseIssuerConfiguration(source)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['uri', 'https://example.com'],
    ['uri', 'https://accounts.example.com'],
    ['uri', 'https://users.example.com'],
    ['username', 'example.com'],
    ['username', 'accounts.example.com'],
    ['username', 'users.example.com'],
  ])('takes a %s issuer for %s', (type, domain) => {
    expect(parseIssuerConfiguration(one({ type, 'subject-domain': domain })).issuers).toEqual([
      { issuerUrl: EMAIL, clientId: 'sigstore', type, subjectDomain: domain },
    ]);
  });

  it('takes a trust domain by name and as an ID', () => {
    for (const domain of ['example.com', 'spiffe://example.com', 'spiffe://example.com/workload'])
      expect(
        parseIssuerConfiguration(one({ type: 'spiffe', 'spiffe-trust-domain': domain })).issuers[0],
      ).toMatchObject({ trustDomain: 'example.com' });
  });

  it('says which keys mean nothing', () => {
    const { ignored } = parseIssuerConfiguration(one({ environment: 'staging', issuer: 'x' }));
    expect(ignored).toEqual([`oidc-issuers["${EMAIL}"].issuer`]);
  });

  it('takes the key set as its JSON text', () => {
    expect(parseIssuerConfiguration(one({ jwks: '{"keys":[]}' })).issuers[0]?.jwks).toEqual({ keys: [] });
  });
});

describe('meta issuers', () => {
  const meta = (pattern: string, fields: object = {}): string =>
    JSON.stringify({
      'meta-issuers': { [pattern]: { 'client-id': 'sigstore', type: 'kubernetes', ...fields } },
    });

  it('are taken with their pattern', () => {
    expect(parseIssuerConfiguration(meta('https://oidc.eks.*.amazonaws.com/id/*')).metaIssuers).toEqual([
      { issuerPattern: 'https://oidc.eks.*.amazonaws.com/id/*', clientId: 'sigstore', type: 'kubernetes' },
    ]);
  });

  it.each<[string, string, RegExp]>([
    [
      'SPIFFE',
      meta('https://*.example.com', { type: 'spiffe', 'spiffe-trust-domain': 'example.com' }),
      /one by one/,
    ],
    ['no URL', meta('*.example.com'), /want an http or https URL/],
    ['a top-level domain of anybody', meta('https://accounts.*'), /last label/],
    ['any host', meta('https://*'), /last label/],
    ['any port', meta('https://example.com:*'), /want an http or https URL/],
    ['credentials', meta('https://*@example.com'), /want an http or https URL/],
    ['plain http', meta('http://*.example.com'), /allow-insecure-http/],
    ['keys', meta('https://*.example.com', { jwks: { keys: [] } }), /not for a meta issuer/],
    ['another address', meta('https://*.example.com', { 'discovery-url': EMAIL }), /not for a meta issuer/],
    [
      'a subject domain that a wildcard could be',
      meta('https://*.com', { type: 'username', 'subject-domain': 'example.com' }),
      /not below the domain/,
    ],
    [
      'a server nobody knows',
      meta('https://*.example.com', { type: null, preset: 'gitlab' }),
      /\.url: want the server/,
    ],
  ])('are refused with %s', (_name, source, message) => {
    expect(() => parseIssuerConfiguration(source)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) }),
    );
  });
});
