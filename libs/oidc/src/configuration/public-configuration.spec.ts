import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { IssuerPool } from '../issuer-pool.ts';
import { principalOf } from '../principal.ts';
import { sampleClaims } from '../testonly/claims.ts';
import { githubClaims } from '../testonly/test-issuer.ts';
import { parseIssuerConfiguration } from './parse-issuer-configuration.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const FILE = join(process.env['SIGSTEAD_VECTORS'] ?? join(ROOT, '../shared/vectors'), 'fulcio/config.yaml');
const present = existsSync(FILE);

const CIRCLECI = 'https://circleci.com/api/v2/projects/4c5d/pipeline-definitions/0c1d';
const KUBERNETES = 'https://kubernetes.io/namespaces/build/serviceaccounts/signer';
const GITHUB = 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1';
const GITLAB = 'https://gitlab.example.com/octo/app//.gitlab-ci.yml@refs/heads/main';
const BUDDY = 'https://eu.buddy.works/octo/app/pipelines/pipeline/312';
const dexPerson = {
  ...sampleClaims.person,
  federated_claims: { connector_id: 'https://github.com/login/oauth' },
};

/** A token of every issuer and what it certifies. */
const tokens: readonly [issuerUrl: string, claims: object, name: string][] = [
  ['https://accounts.google.com', sampleClaims.person, 'ada@example.com'],
  ['https://agent.buildkite.com', sampleClaims.buildkite, 'https://buildkite.com/octo/app'],
  ['https://asia-oidc.buddyusercontent.com', sampleClaims.buddy, BUDDY],
  [
    'https://auth.eclipse.org/auth/realms/foundation-service-accounts',
    sampleClaims.person,
    'ada@example.com',
  ],
  ['https://dev-oidc.buddyusercontent.com', sampleClaims.buddy, BUDDY],
  ['https://dev.gitlab.org', sampleClaims.gitlab, GITLAB],
  ['https://eu-oidc.buddyusercontent.com', sampleClaims.buddy, BUDDY],
  ['https://gitlab.archlinux.org', sampleClaims.gitlab, GITLAB],
  ['https://gitlab.com', sampleClaims.gitlab, GITLAB],
  ['https://issuer.enforce.dev', { sub: 'c0ffee' }, 'https://issuer.enforce.dev/c0ffee'],
  ['https://issuer.hello.coop', sampleClaims.person, 'ada@example.com'],
  ['https://www.kaggle.com/api/v1/models/signing', sampleClaims.person, 'ada@example.com'],
  ['https://oauth2.sigstage.dev/auth', dexPerson, 'ada@example.com'],
  ['https://oauth2.sigstore.dev/auth', dexPerson, 'ada@example.com'],
  ['https://oidc.buddyusercontent.com', sampleClaims.buddy, BUDDY],
  ['https://oidc.circleci.com', sampleClaims.circleci, CIRCLECI],
  [
    'https://oidc.codefresh.io',
    sampleClaims.codefresh,
    'https://g.codefresh.io/octo/app/release:628a80b693a15c0f9c13ab75/65e5a53e52853dc51a5b0cc1',
  ],
  ['https://ops.gitlab.net', sampleClaims.gitlab, GITLAB],
  ['https://psd-oidc.buddyusercontent.com', sampleClaims.buddy, BUDDY],
  ['https://sigstore.verify.ibm.com/oauth2', sampleClaims.person, 'ada@example.com'],
  ['https://stage-oidc.buddyusercontent.com', sampleClaims.buddy, BUDDY],
  ['https://token.actions.githubusercontent.com', githubClaims('', 0), GITHUB],
  ['https://weu.oic.prod-aks.azure.com/72f9/0c1d', sampleClaims.kubernetes, KUBERNETES],
  ['https://weu.oic.prod-aks.azure.com/72f9/0c1d/', sampleClaims.kubernetes, KUBERNETES],
  [
    'https://container.googleapis.com/v1/projects/octo/locations/us-west1-b/clusters/build',
    sampleClaims.kubernetes,
    KUBERNETES,
  ],
  ['https://oidc.circleci.com/org/3a2b', sampleClaims.circleci, CIRCLECI],
  ['https://oidc.eks.us-west-2.amazonaws.com/id/B02C93B6', sampleClaims.kubernetes, KUBERNETES],
  ['https://oidc.prod-aks.azure.com/72f9', sampleClaims.kubernetes, KUBERNETES],
  ['https://oidc.prod-aks.azure.com/72f9/', sampleClaims.kubernetes, KUBERNETES],
  ['https://oidc.prod-aks.azure.com/72f9/0c1d', sampleClaims.kubernetes, KUBERNETES],
  ['https://token.actions.githubusercontent.com/octo', githubClaims('', 0), GITHUB],
];

/** From the cases of Fulcio's own tests. */
const strangers = [
  'https://oidc.eks.us-west-2.amazonaws.com/id/',
  'https://oidc.eks.us-west-2.amazonaws.com/id/a/b',
  'https://oidc.eks.amazonaws.com/id/a',
  'https://oidc.eks.a.b.amazonaws.com/id/a',
  'https://container.googleapis.com/v1/projects/a/b/locations/c/clusters/d',
  'https://oidc.circleci.com/org',
  'https://oidc.circleci.com/org/',
  'https://oidc.circleci.com/org/a/b',
  'https://oidc.prod-aks.azure.com/',
  'https://oidc.prod-aks.azure.com/a/b/c',
  'https://token.actions.githubusercontent.com/a/b',
  'https://token.actions.githubusercontent.com.evil.com',
  'http://token.actions.githubusercontent.com/octo',
  'http://localhost:3000?https://token.actions.githubusercontent.com/octo',
  'https://evil.com/https://token.actions.githubusercontent.com/octo',
  'https://gitlab.com/',
  'https://GITLAB.com',
];

describe('the configuration of the public instance', () => {
  if (!present) return it.skip('needs fulcio/config.yaml in SIGSTEAD_VECTORS', () => undefined);
  const configuration = parseIssuerConfiguration(readFileSync(FILE));
  const pool = new IssuerPool(configuration, {
    fetch: () => Promise.reject(new Error('dialled')),
    clock: () => new Date(0),
  });

  it('is taken as it is, and all its issuers are in this test', () => {
    const { issuers, metaIssuers, ignored } = configuration;
    expect(ignored).toEqual(['define']);
    const found = tokens.map(([issuerUrl]) => pool.find(issuerUrl)?.config);
    const ways = new Set(found.map((config) => config?.issuerPattern ?? config?.issuerUrl));
    expect(ways).toEqual(
      new Set([
        ...issuers.map(({ issuerUrl }) => issuerUrl),
        ...metaIssuers.map(({ issuerPattern }) => issuerPattern),
      ]),
    );
  });

  it.each(tokens)('certifies a token of %s', (issuerUrl, claims, name) => {
    const issuer = pool.find(issuerUrl)?.config;
    if (issuer === undefined) throw new Error('no issuer');
    const decoded = JSON.parse(JSON.stringify({ ...claims, iss: issuerUrl })) as JsonObject;
    const { subjectAlternativeName, claims: certified } = principalOf({
      issuer,
      subject: '',
      claims: decoded,
    });
    expect(subjectAlternativeName.value).toBe(name);
    expect(certified).toMatchObject({
      issuer: issuer.type === 'email' && issuer.issuerClaim ? 'https://github.com/login/oauth' : issuerUrl,
      subject: decoded['sub'],
    });
  });

  it.each(strangers)('has no issuer %s', (issuerUrl) => {
    expect(pool.find(issuerUrl)).toBeUndefined();
  });

  it('takes a default of the configuration where the token has no claim of that name', () => {
    const issuer = pool.find('https://oidc.buddyusercontent.com')?.config;
    if (issuer === undefined) throw new Error('no issuer');
    const { base_url, ...claims } = sampleClaims.buddy;
    expect(base_url).not.toBe('https://app.buddy.works');
    expect(principalOf({ issuer, subject: '', claims }).subjectAlternativeName.value).toBe(
      'https://app.buddy.works/octo/app/pipelines/pipeline/312',
    );
  });
});
