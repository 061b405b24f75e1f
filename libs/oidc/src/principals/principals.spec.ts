import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { OidcError } from '../errors.ts';
import type { IssuerConfig } from '../issuer-config.ts';
import { principalOf, type Principal } from '../principal.ts';
import { sampleClaims } from '../testonly/claims.ts';
import { issuerOf } from '../testonly/configuration.ts';
import { githubClaims } from '../testonly/test-issuer.ts';

const ISSUER = 'https://issuer.example.com';

function principal(issuer: IssuerConfig, claims: object): Principal {
  const decoded = JSON.parse(JSON.stringify(claims)) as JsonObject;
  return principalOf({ issuer, subject: String(decoded['sub']), claims: decoded });
}

function refusal(issuer: IssuerConfig, claims: object): { code: string; claim: string | undefined } {
  try {
    principal(issuer, claims);
  } catch (error) {
    if (error instanceof OidcError) return { code: error.code, claim: error.claim };
    throw error;
  }
  throw new Error('accepted');
}

const nameOf = (issuer: IssuerConfig, claims: object): string =>
  principal(issuer, claims).subjectAlternativeName.value;

describe('type email', () => {
  const dex = issuerOf(ISSUER, { type: 'email', 'issuer-claim': '$.federated_claims.connector_id' });

  it('certifies the issuer behind the broker', () => {
    const claims = {
      ...sampleClaims.person,
      federated_claims: { connector_id: 'https://github.com/login/oauth' },
    };
    expect(principal(dex, claims).claims).toEqual({
      issuer: 'https://github.com/login/oauth',
      subject: '1234',
    });
  });

  it.each([
    [{}],
    [{ federated_claims: {} }],
    [{ federated_claims: 'x' }],
    [{ federated_claims: { connector_id: '' } }],
    [{ federated_claims: { connector_id: 'a\nb' } }],
    [{ federated_claims: { connector_id: {} } }],
  ])('needs the claim of the broker: %j', (claims) => {
    expect(refusal(dex, { ...sampleClaims.person, ...claims })).toEqual({
      code: 'CLAIM',
      claim: 'federated_claims.connector_id',
    });
  });

  it('takes an unverified address only of an issuer that is trusted with it', () => {
    const trusted = issuerOf(ISSUER, { type: 'email', 'skip-email-verification': true });
    for (const email_verified of [undefined, false, 'no']) {
      const claims = { ...sampleClaims.person, email_verified };
      expect(nameOf(trusted, claims)).toBe('ada@example.com');
      expect(refusal(issuerOf(ISSUER, { type: 'email' }), claims).claim).toBe('email_verified');
    }
  });
});

describe('type spiffe', () => {
  const spiffe = issuerOf(ISSUER, { type: 'spiffe', 'spiffe-trust-domain': 'example.com' });

  it('certifies an ID of the trust domain', () => {
    expect(principal(spiffe, { sub: 'spiffe://example.com/ns/build' })).toEqual({
      proofOfPossessionSubjects: ['spiffe://example.com/ns/build'],
      subjectAlternativeName: { type: 'uri', value: 'spiffe://example.com/ns/build' },
      claims: { issuer: ISSUER, subject: 'spiffe://example.com/ns/build' },
    });
    expect(nameOf(spiffe, { sub: 'spiffe://example.com' })).toBe('spiffe://example.com');
  });

  it.each([
    'spiffe://other.com/a',
    'spiffe://example.com.evil.com/a',
    'spiffe://sub.example.com/a',
    'spiffe://EXAMPLE.com/a',
    'https://example.com/a',
    'spiffe://example.com/',
    'spiffe://example.com//a',
    'spiffe://example.com/../a',
    'spiffe://example.com/./a',
    'spiffe://example.com/a?b',
    'spiffe://example.com/a%20b',
    'spiffe://example.com:80/a',
    'spiffe://user@example.com/a',
    'example.com',
  ])('refuses %s', (sub) => {
    expect(refusal(spiffe, { sub })).toEqual({ code: 'CLAIM', claim: 'sub' });
  });
});

describe('type uri', () => {
  const uri = issuerOf(ISSUER, { type: 'uri', 'subject-domain': 'https://example.com' });

  it.each([
    ['https://example.com/users/1', 'https://example.com/users/1'],
    ['https://example.com:8443/users/1', 'https://example.com:8443/users/1'],
    ['https://example.com/größe a?b=c#d', 'https://example.com/gr%C3%B6%C3%9Fe%20a?b=c#d'],
    ['HTTPS://example.com/1', 'https://example.com/1'],
  ])('certifies %s', (sub, value) => {
    expect(principal(uri, { sub })).toMatchObject({
      subjectAlternativeName: { type: 'uri', value },
      claims: { issuer: ISSUER, subject: sub },
    });
  });

  it.each([
    'ada@example.com',
    'http://example.com/1',
    'https://users.example.com/1',
    'https://example.com.evil.com/1',
    'https://example.com@evil.com/1',
    'https://evil.com/https://example.com/1',
    'https:example.com/1',
    'example.com/1',
    'https://example.com/%zz',
    'https://EXAMPLE.com/1',
    '/1',
  ])('refuses %s', (sub) => {
    expect(refusal(uri, { sub })).toEqual({ code: 'CLAIM', claim: 'sub' });
  });
});

describe('type username', () => {
  const username = issuerOf(ISSUER, { type: 'username', 'subject-domain': 'example.com' });

  it('certifies the name within the domain', () => {
    expect(principal(username, { sub: 'ada' })).toEqual({
      proofOfPossessionSubjects: ['ada'],
      subjectAlternativeName: { type: 'otherName', value: 'ada!example.com' },
      claims: { issuer: ISSUER, subject: 'ada' },
    });
  });

  it.each(['ada!evil.com', 'ada@example.com', 'a\u0000da', ''])('refuses %j', (sub) => {
    expect(refusal(username, { sub })).toEqual({ code: 'CLAIM', claim: 'sub' });
  });
});

describe('type kubernetes', () => {
  const kubernetes = issuerOf(ISSUER, { type: 'kubernetes' });

  it('certifies the service account', () => {
    expect(principal(kubernetes, sampleClaims.kubernetes)).toEqual({
      proofOfPossessionSubjects: ['system:serviceaccount:build:signer'],
      subjectAlternativeName: {
        type: 'uri',
        value: 'https://kubernetes.io/namespaces/build/serviceaccounts/signer',
      },
      claims: { issuer: ISSUER, subject: 'system:serviceaccount:build:signer' },
    });
  });

  it.each([undefined, '', 'a/serviceaccounts/b', '..', 'Build', 7])(
    'refuses the namespace %j',
    (namespace) => {
      const claims = { sub: 'x', 'kubernetes.io': { namespace, serviceaccount: { name: 'signer' } } };
      expect(refusal(kubernetes, claims).claim).toBe('kubernetes.io.namespace');
    },
  );

  it.each([[undefined], [{}], ['x'], [{ name: '' }], [{ name: 'a b' }]])(
    'refuses the account %j',
    (serviceaccount) => {
      const claims = { sub: 'x', 'kubernetes.io': { namespace: 'build', serviceaccount } };
      expect(refusal(kubernetes, claims).claim).toBe('kubernetes.io.serviceaccount.name');
    },
  );
});

describe('type github-workflow', () => {
  const github = issuerOf(ISSUER, { type: 'github-workflow' });

  it('certifies as the templates of GitHub do, but for the environment', () => {
    const claims = githubClaims(ISSUER, 0);
    expect(principal(github, { ...claims, environment: 'production' })).toEqual(
      principal(issuerOf(ISSUER, { preset: 'github' }), claims),
    );
  });

  it('joins paths as Go does, and refuses what Go would resolve', () => {
    const named = (job_workflow_ref: string) => ({ ...githubClaims(ISSUER, 0), job_workflow_ref });
    expect(nameOf(github, named('octo//app/x.yml@refs/heads/a b?#c'))).toBe(
      'https://github.com/octo/app/x.yml@refs/heads/a%20b%3F%23c',
    );
    for (const ref of ['../evil', 'octo/./app', 'octo/%2e%2e/evil', 'octo/%zz'])
      expect(refusal(github, named(ref)).claim).toBe('job_workflow_ref');
  });
});

describe('type gitlab-pipeline', () => {
  const gitlab = issuerOf('https://gitlab.com', { type: 'gitlab-pipeline' });
  const claims = {
    ...sampleClaims.gitlab,
    ci_config_ref_uri: 'gitlab.com/octo/app//.gitlab-ci.yml@refs/heads/main',
  };

  it('certifies as the templates of GitLab do', () => {
    const templates = issuerOf('https://gitlab.com', { preset: 'gitlab' });
    for (const ref_type of ['branch', 'tag'])
      expect(principal(gitlab, { ...claims, ref_type })).toEqual(
        principal(templates, { ...claims, ref_type }),
      );
  });

  it.each([
    'project_path',
    'project_id',
    'pipeline_source',
    'pipeline_id',
    'ci_config_ref_uri',
    'job_id',
    'ref',
    'ref_type',
    'namespace_path',
    'namespace_id',
    'sha',
    'runner_environment',
    'runner_id',
  ])('needs the claim %s', (claim) => {
    expect(refusal(gitlab, { ...claims, [claim]: undefined })).toEqual({ code: 'CLAIM', claim });
  });

  it('refuses another type of reference', () => {
    expect(refusal(gitlab, { ...claims, ref_type: 'note' }).claim).toBe('ref_type');
  });
});

describe('type buildkite-job', () => {
  const buildkite = issuerOf(ISSUER, { type: 'buildkite-job' });

  it('certifies the pipeline', () => {
    expect(principal(buildkite, sampleClaims.buildkite)).toEqual({
      proofOfPossessionSubjects: [sampleClaims.buildkite.sub],
      subjectAlternativeName: { type: 'uri', value: 'https://buildkite.com/octo/app' },
      claims: { issuer: ISSUER, subject: sampleClaims.buildkite.sub },
    });
  });

  it.each(['organization_slug', 'pipeline_slug'])('needs the claim %s', (claim) => {
    expect(refusal(buildkite, { ...sampleClaims.buildkite, [claim]: '' })).toEqual({ code: 'CLAIM', claim });
  });
});

describe('type codefresh-workflow', () => {
  const codefresh = issuerOf(ISSUER, { type: 'codefresh-workflow' });
  const build = 'https://g.codefresh.io/build/65e6d5551e47e5bc243ca93f';

  it('certifies the pipeline by names and ids', () => {
    expect(principal(codefresh, { ...sampleClaims.codefresh, platform_url: undefined })).toEqual({
      proofOfPossessionSubjects: [sampleClaims.codefresh.sub],
      subjectAlternativeName: {
        type: 'uri',
        value: 'https://g.codefresh.io/octo/app/release:628a80b693a15c0f9c13ab75/65e5a53e52853dc51a5b0cc1',
      },
      claims: {
        issuer: ISSUER,
        subject: sampleClaims.codefresh.sub,
        buildSignerUri: build,
        runnerEnvironment: 'hybrid',
        sourceRepositoryUri: 'https://github.com/octo/app',
        sourceRepositoryRef: 'main',
        buildConfigUri: 'https://g.codefresh.io/api/pipelines/65e5a53e52853dc51a5b0cc1',
        runInvocationUri: build,
      },
    });
  });

  it('takes the platform of the token', () => {
    const { claims } = principal(codefresh, {
      ...sampleClaims.codefresh,
      platform_url: 'https://cf.example/on-prem',
    });
    expect(claims.buildSignerUri).toBe('https://cf.example/on-prem/build/65e6d5551e47e5bc243ca93f');
    expect(refusal(codefresh, { ...sampleClaims.codefresh, platform_url: 'nowhere' }).claim).toBe(
      'platform_url',
    );
  });

  it.each([
    ' https://cf.example',
    'https:cf.example',
    'https:\\\\cf.example',
    'https://@cf.example',
    'https://cf.example?',
  ])('refuses the platform %j, which others read as another address', (platform) => {
    expect(refusal(codefresh, { ...sampleClaims.codefresh, platform_url: platform }).claim).toBe(
      'platform_url',
    );
  });

  it.each(['account_id', 'pipeline_id', 'workflow_id'])('needs the claim %s', (claim) => {
    expect(refusal(codefresh, { ...sampleClaims.codefresh, [claim]: undefined }).claim).toBe(claim);
  });
});

describe('type chainguard-identity', () => {
  const chainguard = issuerOf('https://issuer.enforce.dev', { type: 'chainguard-identity' });

  it('certifies the path below the issuer', () => {
    expect(principal(chainguard, { sub: 'c0ffee/deadbeef' })).toEqual({
      proofOfPossessionSubjects: ['c0ffee/deadbeef'],
      subjectAlternativeName: { type: 'uri', value: 'https://issuer.enforce.dev/c0ffee/deadbeef' },
      claims: { issuer: 'https://issuer.enforce.dev', subject: 'c0ffee/deadbeef' },
    });
  });

  it('wants the address signed where there is one', () => {
    const claims = { sub: 'id', email: 'ada@example.com', email_verified: true };
    expect(principal(chainguard, claims).proofOfPossessionSubjects).toEqual(['ada@example.com']);
    expect(refusal(chainguard, { ...claims, email_verified: false }).claim).toBe('email_verified');
  });
});

describe('proof of possession', () => {
  it.each([
    [{ email: 'ada@example.com', email_verified: true }, ['x', 'ada@example.com']],
    [{ email: 'ada@example.com', email_verified: 'true' }, ['x', 'ada@example.com']],
    [{ email: 'ada@example.com', email_verified: false }, ['x']],
    [{ email: 'ada@example.com' }, ['x']],
    [{ email: '', email_verified: true }, ['x']],
    [{ email: ['a'], email_verified: true }, ['x']],
  ])('with %j is over one of %j', (claims, subjects) => {
    const username = issuerOf(ISSUER, { type: 'username', 'subject-domain': 'example.com' });
    expect(principal(username, { sub: 'x', ...claims }).proofOfPossessionSubjects).toEqual(subjects);
  });
});
