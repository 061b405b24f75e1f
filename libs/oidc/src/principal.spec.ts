import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import fc from 'fast-check';
import { OidcError } from './errors.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { principalOf, type Principal } from './principal.ts';
import { issuerOf } from './testonly/configuration.ts';
import { githubClaims } from './testonly/test-issuer.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const github = issuerOf(ISSUER, { preset: 'github' });
const email = issuerOf('https://accounts.example', { type: 'email' });

function principal(issuer: IssuerConfig, claims: Record<string, unknown>): Principal {
  // As a token has them: what is undefined is not there.
  const decoded = JSON.parse(JSON.stringify(claims)) as JsonObject;
  return principalOf({ issuer, subject: String(claims['sub']), claims: decoded });
}

function refusal(issuer: IssuerConfig, claims: Record<string, unknown>): OidcError {
  try {
    principal(issuer, claims);
  } catch (error) {
    if (error instanceof OidcError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const workflow = (overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...githubClaims(ISSUER, 0),
  ...overrides,
});
const person = (overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: '1234',
  email: 'ada@example.com',
  email_verified: true,
  ...overrides,
});

describe('principal of a GitHub workflow', () => {
  it('certifies the reusable workflow and every claim', () => {
    expect(principal(github, workflow())).toEqual({
      proofOfPossessionSubjects: ['repo:octo/app:ref:refs/heads/main'],
      subjectAlternativeName: {
        type: 'uri',
        value: 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1',
      },
      claims: {
        issuer: ISSUER,
        githubWorkflowTrigger: 'push',
        githubWorkflowSha: '2'.repeat(40),
        githubWorkflowName: 'Release',
        githubWorkflowRepository: 'octo/app',
        githubWorkflowRef: 'refs/heads/main',
        buildSignerUri: 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1',
        buildSignerDigest: '1'.repeat(40),
        runnerEnvironment: 'github-hosted',
        sourceRepositoryUri: 'https://github.com/octo/app',
        sourceRepositoryDigest: '2'.repeat(40),
        sourceRepositoryRef: 'refs/heads/main',
        sourceRepositoryIdentifier: '4711',
        sourceRepositoryOwnerUri: 'https://github.com/octo',
        sourceRepositoryOwnerIdentifier: '42',
        buildConfigUri: 'https://github.com/octo/app/.github/workflows/ci.yml@refs/heads/main',
        buildConfigDigest: '3'.repeat(40),
        buildTrigger: 'push',
        runInvocationUri: 'https://github.com/octo/app/actions/runs/123456/attempts/2',
        sourceRepositoryVisibilityAtSigning: 'private',
        subject: 'repo:octo/app:ref:refs/heads/main',
      },
    });
  });

  it('certifies the environment only when there is one', () => {
    expect(principal(github, workflow({ environment: 'production' })).claims.deploymentEnvironment).toBe(
      'production',
    );
    for (const environment of ['', undefined]) {
      expect(principal(github, workflow({ environment })).claims).not.toHaveProperty('deploymentEnvironment');
    }
  });

  it('takes the host from configuration, never from the token', () => {
    const enterprise = issuerOf(ISSUER, { preset: 'github', url: 'https://ghe.example/' });
    const { subjectAlternativeName, claims } = principal(
      enterprise,
      workflow({ url: 'https://evil.example' }),
    );
    expect(subjectAlternativeName.value).toMatch(/^https:\/\/ghe\.example\/octo\/shared\//);
    expect(claims.sourceRepositoryUri).toBe('https://ghe.example/octo/app');
    expect(JSON.stringify(claims)).not.toContain('evil');
  });

  it('takes numbers as Go prints them', () => {
    const { claims } = principal(github, workflow({ run_id: 12_345_678_901, repository_id: 4711 }));
    expect(claims.sourceRepositoryIdentifier).toBe('4711');
    expect(claims.runInvocationUri).toBe(
      'https://github.com/octo/app/actions/runs/1.2345678901e+10/attempts/2',
    );
  });

  it('refuses numbers that JSON can write and nothing can hold', () => {
    const sent = JSON.stringify(workflow({ run_id: '@' })).replace('"@"', '[1e400]');
    const claims = JSON.parse(sent) as JsonObject;
    expect(() => principalOf({ issuer: github, subject: 'x', claims })).toThrow(/claim run_id: .* too large/);
  });

  it('refuses an identity of nothing, where an extension of nothing is left out', () => {
    expect(refusal(github, workflow({ job_workflow_ref: '' }))).toMatchObject({ claim: 'job_workflow_ref' });
    expect(principal(github, workflow({ workflow: '' })).claims).not.toHaveProperty('githubWorkflowName');
  });

  const withoutTemplates = issuerOf(ISSUER, { type: 'github-workflow' });
  const mandatory = Object.keys(githubClaims(ISSUER, 0)).filter(
    (claim) => !['iss', 'aud', 'iat', 'nbf', 'exp'].includes(claim),
  );
  it.each(mandatory)('needs the claim %s', (claim) => {
    for (const value of [undefined, 'a\nb', '\u0000', '\ud800', 'x'.repeat(5000)]) {
      for (const issuer of [github, withoutTemplates])
        expect(refusal(issuer, workflow({ [claim]: value }))).toMatchObject({ code: 'CLAIM', claim });
    }
    for (const value of ['', null, {}, [], true, 1.5, 7])
      expect(refusal(withoutTemplates, workflow({ [claim]: value }))).toMatchObject({ code: 'CLAIM', claim });
  });

  it.each([
    [
      'a/b/.github/workflows/x.yml@refs/heads/größe',
      'a/b/.github/workflows/x.yml@refs/heads/gr%C3%B6%C3%9Fe',
    ],
    ['a/b//x.yml@refs/heads/../main', 'a/b//x.yml@refs/heads/../main'],
    ['a/b/x.yml@refs/heads/a b(c)', 'a/b/x.yml@refs/heads/a%20b%28c%29'],
    ['a/b/x.yml@refs/heads/a(c)', 'a/b/x.yml@refs/heads/a(c)'],
    ['a/b/x.yml@refs/heads/fix#12', 'a/b/x.yml@refs/heads/fix#12'],
    ['a/b/x.yml@refs/heads/a%20b', 'a/b/x.yml@refs/heads/a%20b'],
  ])('makes a URI of %s', (ref, path) => {
    expect(principal(github, workflow({ job_workflow_ref: ref })).subjectAlternativeName.value).toBe(
      `https://github.com/${path}`,
    );
  });

  it.each([['a/b?c@d'], ['a/b%zz'], ['a/b%']])('refuses %s, which is no part of a URI', (ref) => {
    expect(refusal(github, workflow({ job_workflow_ref: ref }))).toMatchObject({
      code: 'CLAIM',
      claim: 'job_workflow_ref',
    });
  });

  it('always yields an ASCII URI on the configured host, or refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (ref) => {
        try {
          const { value } = principal(github, workflow({ job_workflow_ref: ref })).subjectAlternativeName;
          expect(value).toMatch(/^https:\/\/github\.com\/[!-~]*$/);
          expect(new URL(value).host).toBe('github.com');
        } catch (error) {
          if (!(error instanceof OidcError)) throw error;
        }
      }),
    );
  });
});

describe('principal of a person', () => {
  it('certifies the verified address', () => {
    expect(principal(email, person())).toEqual({
      proofOfPossessionSubjects: ['ada@example.com'],
      subjectAlternativeName: { type: 'email', value: 'ada@example.com' },
      claims: { issuer: 'https://accounts.example', subject: '1234' },
    });
  });

  it.each(['true', 'True'])('takes email_verified as the text %s', (email_verified) => {
    expect(principal(email, person({ email_verified })).proofOfPossessionSubjects).toEqual([
      'ada@example.com',
    ]);
  });

  it.each([[false], ['false'], ['TRUE'], [1], [undefined], [null], [[]]])(
    'refuses email_verified %p',
    (email_verified) => {
      expect(refusal(email, person({ email_verified }))).toMatchObject({
        code: 'CLAIM',
        claim: 'email_verified',
      });
    },
  );

  it.each([
    ['ada'],
    ['@example.com'],
    ['ada@'],
    ['a b@example.com'],
    ['a@b@c'],
    ['Ada <ada@example.com>'],
    ['ada@exämple.com'],
    ['a..b@c.d'],
    ['.a@example.com'],
    ['a.@example.com'],
    ['a@localhost'],
    ['a@-b.com'],
    ['a@b-.com'],
    ['a@b.com.'],
    [`${'a'.repeat(65)}@example.com`],
    [`a@${'b.'.repeat(126)}com`],
    [undefined],
    [7],
  ])('refuses the address %p', (address) => {
    expect(refusal(email, person({ email: address }))).toMatchObject({ code: 'CLAIM', claim: 'email' });
  });
});
