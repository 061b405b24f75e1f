import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import fc from 'fast-check';
import { OidcError } from './errors.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { principalOf, type Principal } from './principal.ts';
import { githubClaims } from './testonly/test-issuer.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const github: IssuerConfig = {
  issuerUrl: ISSUER,
  clientId: 'sigstore',
  type: 'ci-provider',
  ciProvider: 'github-workflow',
};
const email: IssuerConfig = { issuerUrl: 'https://accounts.example', clientId: 'sigstore', type: 'email' };

function principal(issuer: IssuerConfig, claims: Record<string, unknown>): Principal {
  return principalOf({ issuer, subject: String(claims['sub']), claims: claims as JsonObject });
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
      proofOfPossessionSubject: 'repo:octo/app:ref:refs/heads/main',
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
    for (const environment of ['', null, undefined]) {
      expect(principal(github, workflow({ environment })).claims).not.toHaveProperty('deploymentEnvironment');
    }
  });

  it('takes the host from configuration, never from the token', () => {
    const enterprise: IssuerConfig = { ...github, providerUrl: 'https://ghe.example/' } as IssuerConfig;
    const { subjectAlternativeName, claims } = principal(
      enterprise,
      workflow({ url: 'https://evil.example' }),
    );
    expect(subjectAlternativeName.value).toMatch(/^https:\/\/ghe\.example\/octo\/shared\//);
    expect(claims.sourceRepositoryUri).toBe('https://ghe.example/octo/app');
    expect(JSON.stringify(claims)).not.toContain('evil');
  });

  it('takes whole numbers as text', () => {
    expect(
      principal(github, workflow({ run_id: 12_345_678_901, repository_id: 4711 })).claims
        .sourceRepositoryIdentifier,
    ).toBe('4711');
  });

  const mandatory = Object.keys(githubClaims(ISSUER, 0)).filter(
    (claim) => !['iss', 'aud', 'iat', 'nbf', 'exp'].includes(claim),
  );
  it.each(mandatory)('needs the claim %s', (claim) => {
    for (const value of [undefined, '', null]) {
      expect(refusal(github, workflow({ [claim]: value }))).toMatchObject({ code: 'CLAIM', claim });
    }
    for (const value of [{}, [], true, 1.5, 'a\nb', '\u0000', '\ud800', 'x'.repeat(5000)]) {
      expect(refusal(github, workflow({ [claim]: value }))).toMatchObject({ code: 'CLAIM', claim });
    }
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
      proofOfPossessionSubject: 'ada@example.com',
      subjectAlternativeName: { type: 'email', value: 'ada@example.com' },
      claims: { issuer: 'https://accounts.example', subject: '1234' },
    });
  });

  it.each(['true', 'True'])('takes email_verified as the text %s', (email_verified) => {
    expect(principal(email, person({ email_verified })).proofOfPossessionSubject).toBe('ada@example.com');
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
    [undefined],
    [7],
  ])('refuses the address %p', (address) => {
    expect(refusal(email, person({ email: address }))).toMatchObject({ code: 'CLAIM', claim: 'email' });
  });
});
