import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { parseIssuerConfiguration } from '../configuration/parse-issuer-configuration.ts';
import type { OidcError } from '../errors.ts';
import type { IssuerConfig } from '../issuer-config.ts';
import { principalOf, type Principal } from '../principal.ts';
import { sampleClaims } from '../testonly/claims.ts';
import { githubClaims } from '../testonly/test-issuer.ts';
import { presetNames, type PresetName } from './presets.ts';
import { renderPreset, type PresetChoices } from './render-preset.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';

interface Example {
  readonly issuerUrl: string;
  readonly claims: object;
  readonly trustDomain?: string;
  /** Subject alternative name and every extension but issuer and subject. */
  readonly name: string;
  readonly extensions: object;
}

const githubExample = (issuerUrl: string, url: string): Example => ({
  issuerUrl,
  claims: { ...githubClaims(issuerUrl, 0), environment: 'production' },
  name: `${url}/octo/shared/.github/workflows/release.yml@refs/tags/v1`,
  extensions: {
    githubWorkflowTrigger: 'push',
    githubWorkflowSha: '2'.repeat(40),
    githubWorkflowName: 'Release',
    githubWorkflowRepository: 'octo/app',
    githubWorkflowRef: 'refs/heads/main',
    buildSignerUri: `${url}/octo/shared/.github/workflows/release.yml@refs/tags/v1`,
    buildSignerDigest: '1'.repeat(40),
    runnerEnvironment: 'github-hosted',
    sourceRepositoryUri: `${url}/octo/app`,
    sourceRepositoryDigest: '2'.repeat(40),
    sourceRepositoryRef: 'refs/heads/main',
    sourceRepositoryIdentifier: '4711',
    sourceRepositoryOwnerUri: `${url}/octo`,
    sourceRepositoryOwnerIdentifier: '42',
    buildConfigUri: `${url}/octo/app/.github/workflows/ci.yml@refs/heads/main`,
    buildConfigDigest: '3'.repeat(40),
    buildTrigger: 'push',
    runInvocationUri: `${url}/octo/app/actions/runs/123456/attempts/2`,
    sourceRepositoryVisibilityAtSigning: 'private',
    deploymentEnvironment: 'production',
  },
});

const GITLAB_DEFINITION = 'https://gitlab.example.com/octo/app//.gitlab-ci.yml@refs/heads/main';
const FORGEJO_WORKFLOW = 'https://codeberg.org/octo/app/.forgejo/workflows/release.yml@refs/heads/main';
const CIRCLECI_DEFINITION = 'https://circleci.com/api/v2/projects/4c5d/pipeline-definitions/0c1d';

const examples: Readonly<Record<PresetName, Example>> = {
  github: githubExample(GITHUB, 'https://github.com'),
  'github-enterprise-cloud': githubExample(`${GITHUB}/octo`, 'https://github.com'),
  'github-enterprise-server': githubExample(
    'https://ghe.example.com/_services/token',
    'https://ghe.example.com',
  ),
  gitlab: {
    issuerUrl: 'https://gitlab.example.com',
    claims: sampleClaims.gitlab,
    name: GITLAB_DEFINITION,
    extensions: {
      buildSignerUri: GITLAB_DEFINITION,
      buildSignerDigest: '8'.repeat(40),
      runnerEnvironment: 'self-hosted',
      sourceRepositoryUri: 'https://gitlab.example.com/octo/app',
      sourceRepositoryDigest: '7'.repeat(40),
      sourceRepositoryRef: 'refs/heads/main',
      sourceRepositoryIdentifier: '20',
      sourceRepositoryOwnerUri: 'https://gitlab.example.com/octo',
      sourceRepositoryOwnerIdentifier: '72',
      buildConfigUri: GITLAB_DEFINITION,
      buildConfigDigest: '8'.repeat(40),
      buildTrigger: 'push',
      runInvocationUri: 'https://gitlab.example.com/octo/app/-/jobs/302',
      sourceRepositoryVisibilityAtSigning: 'private',
    },
  },
  forgejo: {
    issuerUrl: 'https://codeberg.org/api/actions',
    claims: sampleClaims.forgejo,
    name: FORGEJO_WORKFLOW,
    extensions: {
      buildSignerUri: FORGEJO_WORKFLOW,
      buildSignerDigest: '9'.repeat(40),
      sourceRepositoryUri: 'https://codeberg.org/octo/app',
      sourceRepositoryDigest: '9'.repeat(40),
      sourceRepositoryRef: 'refs/heads/main',
      sourceRepositoryOwnerUri: 'https://codeberg.org/octo',
      buildConfigUri: FORGEJO_WORKFLOW,
      buildConfigDigest: '9'.repeat(40),
      buildTrigger: 'push',
      runInvocationUri: 'https://codeberg.org/octo/app/actions/runs/12',
    },
  },
  buildkite: {
    issuerUrl: 'https://agent.buildkite.com',
    claims: sampleClaims.buildkite,
    name: 'https://buildkite.com/octo/app',
    extensions: {
      runnerEnvironment: 'buildkite-hosted',
      sourceRepositoryDigest: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
      buildTrigger: 'webhook',
      runInvocationUri: 'https://buildkite.com/octo/app/builds/1#0184990a-477b-4fa8-9968-496074483cee',
    },
  },
  circleci: {
    issuerUrl: 'https://oidc.circleci.com/org/3a2b',
    claims: sampleClaims.circleci,
    name: CIRCLECI_DEFINITION,
    extensions: {
      buildSignerUri: CIRCLECI_DEFINITION,
      sourceRepositoryUri: 'github.com/octo/app',
      sourceRepositoryRef: 'refs/heads/main',
      buildConfigUri: 'https://circleci.com/api/v2/pipeline/8a9b/config',
      runInvocationUri: 'https://app.circleci.com/workflow/2e3f/job/4a5b',
    },
  },
  jenkins: {
    issuerUrl: 'https://jenkins.example.com/oidc',
    claims: sampleClaims.jenkins,
    name: 'https://jenkins.example.com/job/app/job/main/',
    extensions: {},
  },
  kubernetes: {
    issuerUrl: 'https://kubernetes.default.svc',
    claims: sampleClaims.kubernetes,
    name: 'https://kubernetes.io/namespaces/build/serviceaccounts/signer',
    extensions: {},
  },
  spiffe: {
    issuerUrl: 'https://spire.example.com',
    claims: { sub: 'spiffe://example.com/build/signer' },
    trustDomain: 'example.com',
    name: 'spiffe://example.com/build/signer',
    extensions: {},
  },
  google: {
    issuerUrl: 'https://accounts.google.com',
    claims: { ...sampleClaims.person, azp: 'sigstore', hd: 'example.com' },
    name: 'ada@example.com',
    extensions: {},
  },
  keycloak: {
    issuerUrl: 'https://sso.example.com/realms/dev',
    claims: { ...sampleClaims.person, typ: 'ID', preferred_username: 'ada', sid: '5b7e' },
    name: 'ada@example.com',
    extensions: {},
  },
  entra: {
    issuerUrl: 'https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0',
    claims: { sub: '1234', email: 'ada@example.com', tid: '9122040d', oid: 'dfe1', ver: '2.0' },
    name: 'ada@example.com',
    extensions: {},
  },
};

const onlyIssuer = (file: string): IssuerConfig => {
  const { issuers, ignored } = parseIssuerConfiguration(file);
  expect(ignored).toEqual([]);
  return issuers[0] as IssuerConfig;
};
const configured = (issuerUrl: string, fields: object): IssuerConfig =>
  onlyIssuer(JSON.stringify({ 'oidc-issuers': { [issuerUrl]: { 'client-id': 'sigstore', ...fields } } }));
const principal = (issuer: IssuerConfig, claims: object): Principal =>
  principalOf({ issuer, subject: 'unused', claims: JSON.parse(JSON.stringify(claims)) as JsonObject });
const choicesOf = ({ issuerUrl, trustDomain }: Example): PresetChoices => ({
  issuerUrl,
  clientId: 'sigstore',
  ...(trustDomain === undefined ? {} : { trustDomain }),
});

describe.each(presetNames)('preset %s', (name) => {
  const example = examples[name];
  const fields = {
    preset: name,
    ...(example.trustDomain === undefined ? {} : { 'spiffe-trust-domain': example.trustDomain }),
  };

  it('certifies a realistic token', () => {
    const { subjectAlternativeName, claims } = principal(
      configured(example.issuerUrl, fields),
      example.claims,
    );
    const { issuer, subject, ...extensions } = claims;
    expect(subjectAlternativeName.value).toBe(example.name);
    expect(extensions).toEqual(example.extensions);
    expect(issuer).toBe(example.issuerUrl);
    expect(subject).toBe((example.claims as { sub: string }).sub);
  });

  it('is the same written out for Fulcio', () => {
    const rendered = onlyIssuer(renderPreset(name, choicesOf(example)));
    expect(principal(rendered, example.claims)).toEqual(
      principal(configured(example.issuerUrl, fields), example.claims),
    );
  });
});

describe('a preset', () => {
  it('gives way to what is said beside it', () => {
    const ghe = configured('https://ghe.example.com/_services/token', {
      preset: 'github-enterprise-server',
      url: 'https://git.example.com/',
    });
    expect(principal(ghe, githubClaims('', 0)).claims.sourceRepositoryUri).toBe(
      'https://git.example.com/octo/app',
    );
    const entra = configured('https://login.example.com', {
      preset: 'entra',
      'skip-email-verification': false,
    });
    expect(entra).toMatchObject({ type: 'email', skipEmailVerification: false });
    const jenkins = configured('https://id.example.com', {
      preset: 'jenkins',
      'subject-domain': 'https://jenkins.example.com',
    });
    expect(jenkins).toMatchObject({ type: 'uri', subjectDomain: 'https://jenkins.example.com' });
  });

  it('for Jenkins certifies no job on another host', () => {
    const jenkins = configured('https://jenkins.example.com/oidc', { preset: 'jenkins' });
    expect(() => principal(jenkins, { sub: 'https://other.example.com/job/app/' })).toThrow(
      expect.objectContaining({ code: 'CLAIM', claim: 'sub' }),
    );
  });

  it('for CircleCI tells of a rerun with SSH', () => {
    const circleci = configured('https://oidc.circleci.com/org/3a2b', { preset: 'circleci' });
    const claims = { ...sampleClaims.circleci, 'oidc.circleci.com/ssh-rerun': true };
    expect(principal(circleci, claims).claims.runnerEnvironment).toBe('ssh-rerun');
  });

  it('names its metadata after the server where that is not the usual one', () => {
    const usual = renderPreset('gitlab', { issuerUrl: 'https://gitlab.com', clientId: 'sigstore' });
    expect(usual).toContain('ci-provider: gitlab-pipeline\n');
    const own = renderPreset('gitlab', { issuerUrl: 'https://git.example.com', clientId: 'sigstore' });
    expect(own).toContain('ci-provider: gitlab-pipeline-git.example.com\n');
  });

  it.each<[string, PresetName, string]>([
    ['an address', 'gitlab', 'gitlab.com'],
    ['a trust domain', 'spiffe', 'https://spire.example.com'],
  ])('is not written out without %s', (_what, name, issuerUrl) => {
    const code = ((): string => {
      try {
        return renderPreset(name, { issuerUrl, clientId: 'sigstore' });
      } catch (error) {
        return (error as OidcError).code;
      }
    })();
    expect(code).toBe('CONFIG');
  });
});
