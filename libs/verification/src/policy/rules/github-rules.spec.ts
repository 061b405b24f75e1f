import { describe, expect, it } from '@jest/globals';
import type { SignerIdentity } from '../../identity.ts';
import { PolicyError } from '../../errors.ts';
import { assertPolicy, compilePolicy } from '../../policy.ts';
import { refusal } from '../../testonly/refusal.ts';

const issuer = 'https://token.actions.githubusercontent.com';
const identity = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
const sha = '7d2f6a0c0f0e4c1a9a2b3c4d5e6f708192a3b4c5';

/** As Fulcio wrote them before the extensions from .8 on. */
const older: SignerIdentity = {
  identity,
  identityType: 'uri',
  issuer,
  claims: {
    issuer,
    githubWorkflowTrigger: 'push',
    githubWorkflowSha: sha,
    githubWorkflowName: 'Release',
    githubWorkflowRepository: 'acme/app',
    githubWorkflowRef: 'refs/heads/main',
  },
};
const newerClaims = {
  issuer,
  buildTrigger: 'push',
  sourceRepositoryDigest: sha,
  sourceRepositoryUri: 'https://github.com/acme/app',
  sourceRepositoryRef: 'refs/heads/main',
  buildConfigUri: identity,
  runnerEnvironment: 'github-hosted',
};
const newer: SignerIdentity = { ...older, claims: newerClaims };
const both: SignerIdentity = { ...older, claims: { ...older.claims, ...newerClaims } };

const judge = (github: Record<string, string>, signer: SignerIdentity | undefined = both): string =>
  refusal(() =>
    assertPolicy(
      { signer, statement: undefined, annotations: {} },
      compilePolicy({ anyIdentity: true, github }),
    ),
  );
const fault = (github: Record<string, string>): string => {
  try {
    compilePolicy({ anyIdentity: true, github });
  } catch (error) {
    if (error instanceof PolicyError) return error.field;
    throw error;
  }
  return 'usable';
};

describe('facts of a GitHub run', () => {
  it.each([
    ['older', older],
    ['newer', newer],
    ['both', both],
  ])('are read from %s extensions', (_, signer) => {
    expect(
      judge(
        { repository: 'acme/app', ref: 'refs/heads/main', sha, trigger: 'push', workflowFile: 'release.yml' },
        signer,
      ),
    ).toBe('accepted');
    expect(judge({ workflowFile: '.github/workflows/release.yml' }, signer)).toBe('accepted');
    expect(judge({ repository: 'https://github.com/acme/app' }, signer)).toBe('accepted');
    for (const wrong of [
      { repository: 'acme/ap' },
      { repository: 'acme/app2' },
      { ref: 'refs/heads/dev' },
      { sha: sha.replace('7', '8') },
      { trigger: 'pull_request' },
      { workflowFile: 'other.yml' },
      { workflowFile: 'workflows/release.yml' },
    ]) {
      expect(judge(wrong as Record<string, string>, signer)).toBe('EXTENSION_MISMATCH');
    }
  });

  it('that only one generation has are missing in the other', () => {
    expect(judge({ workflowName: 'Release' }, older)).toBe('accepted');
    expect(judge({ workflowName: 'Release' }, newer)).toBe('EXTENSION_MISMATCH');
    expect(judge({ runnerEnvironment: 'github-hosted' }, newer)).toBe('accepted');
    expect(judge({ runnerEnvironment: 'github-hosted' }, older)).toBe('EXTENSION_MISMATCH');
  });

  it('must agree where a certificate has both', () => {
    const split = (claims: Partial<SignerIdentity['claims']>): SignerIdentity => ({
      ...both,
      claims: { ...both.claims, ...claims },
    });
    expect(judge({ ref: 'refs/heads/main' }, split({ githubWorkflowRef: 'refs/heads/evil' }))).toBe(
      'EXTENSION_MISMATCH',
    );
    expect(judge({ ref: 'refs/heads/main' }, split({ sourceRepositoryRef: 'refs/heads/evil' }))).toBe(
      'EXTENSION_MISMATCH',
    );
    expect(judge({ repository: 'acme/app' }, split({ githubWorkflowRepository: 'evil/app' }))).toBe(
      'EXTENSION_MISMATCH',
    );
  });

  it('of another server are not those of github.com', () => {
    const enterprise = {
      ...both,
      claims: { ...both.claims, sourceRepositoryUri: 'https://ghe.test/acme/app' },
    };
    expect(judge({ repository: 'acme/app' }, enterprise)).toBe('EXTENSION_MISMATCH');
    expect(judge({ repository: 'https://ghe.test/acme/app' }, enterprise)).toBe('accepted');
  });

  it('do not take the file of a reusable workflow for that of its caller', () => {
    const name = 'https://github.com/shared/flows/.github/workflows/release.yml@refs/tags/v1';
    expect(judge({ workflowFile: 'release.yml' }, { ...older, identity: name })).toBe('EXTENSION_MISMATCH');
    expect(judge({ workflowFile: 'release.yml' }, { ...newer, identity: name })).toBe('accepted');
    expect(judge({ workflowFile: 'release.yml' }, { ...newer, identity: 'ada@acme.test' })).toBe('accepted');
  });

  it('keep an @ in the name of a file', () => {
    const at = 'https://github.com/acme/app/.github/workflows/a@b.yml@refs/heads/main';
    const signer = { ...newer, claims: { ...newer.claims, buildConfigUri: at } };
    expect(judge({ workflowFile: 'a@b.yml' }, signer)).toBe('accepted');
    expect(judge({ workflowFile: 'a' }, signer)).toBe('EXTENSION_MISMATCH');
  });

  it('can be matched by pattern', () => {
    const matches = (githubRegexp: Record<string, string>): string =>
      refusal(() =>
        assertPolicy(
          { signer: both, statement: undefined, annotations: {} },
          compilePolicy({ anyIdentity: true, githubRegexp }),
        ),
      );
    expect(matches({ ref: '^refs/(heads|tags)/' })).toBe('accepted');
    expect(matches({ ref: '^refs/tags/' })).toBe('EXTENSION_MISMATCH');
    expect(compilePolicy({ anyIdentity: true, githubRegexp: { ref: 'main' } }).unanchored).toEqual([
      'githubRegexp.ref',
    ]);
  });

  it('are not those of a managed key', () => {
    expect(
      refusal(() =>
        assertPolicy(
          { signer: undefined, statement: undefined, annotations: {} },
          compilePolicy({ anyIdentity: true, github: { ref: 'x' } }),
        ),
      ),
    ).toBe('IDENTITY_MISMATCH');
  });

  it('that there are not are refused by name', () => {
    expect(fault({ actor: 'ada' })).toBe('github.actor');
    expect(fault({ repository: 'acme' })).toBe('github.repository');
    expect(fault({ repository: 'http://github.com/acme/app' })).toBe('github.repository');
    expect(fault({ repository: 'acme/app/' })).toBe('github.repository');
    expect(fault({ ref: '' })).toBe('github.ref');
  });
});
