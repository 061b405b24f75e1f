import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import type { SignerOptions } from '../options.ts';
import { compileSignerPolicy, readSignerPolicyInput, signerPolicyInput } from './signer-policy.ts';

const IDENTITY = { certificateIdentity: 'a@b', certificateOidcIssuer: 'https://issuer' };
const PEM = PrivateKeySigner.generate('P-256').publicKey.toPem();

describe('what is expected of the signer', () => {
  it.each<[string, SignerOptions, object]>([
    ['an identity', IDENTITY, { identity: 'a@b', issuer: 'https://issuer' }],
    [
      'patterns',
      { certificateIdentityRegexp: '^a', certificateOidcIssuerRegexp: 'b$' },
      { identityRegexp: '^a', issuerRegexp: 'b$' },
    ],
    [
      'facts of a workflow',
      {
        ...IDENTITY,
        certificateGithubWorkflowRepository: 'acme/app',
        certificateGithubWorkflowRef: 'refs/heads/main',
        certificateGithubWorkflowSha: 'abc',
        certificateGithubWorkflowName: 'Release',
        certificateGithubWorkflowTrigger: 'push',
      },
      {
        identity: 'a@b',
        issuer: 'https://issuer',
        github: {
          repository: 'acme/app',
          ref: 'refs/heads/main',
          sha: 'abc',
          workflowName: 'Release',
          trigger: 'push',
        },
      },
    ],
    [
      'annotations',
      { ...IDENTITY, annotations: { stage: 'prod' } },
      { identity: 'a@b', issuer: 'https://issuer', annotations: { stage: 'prod' } },
    ],
  ])('can be %s', (_, options, want) => {
    expect(signerPolicyInput(options, undefined)).toEqual(want);
    compileSignerPolicy(signerPolicyInput(options, undefined));
  });

  it('can be a key, and nothing of certificates with it', () => {
    expect(signerPolicyInput({ annotations: { a: 'b' } }, PEM)).toEqual({
      key: PEM,
      annotations: { a: 'b' },
    });
    expect(() => signerPolicyInput({ certificateGithubWorkflowRef: 'x' }, PEM)).toThrow(
      '--certificate-github-workflow-ref is about certificates',
    );
  });

  it.each<[string, SignerOptions, string]>([
    [
      'no identity',
      { certificateOidcIssuer: 'x' },
      '--certificate-identity and --certificate-identity-regexp',
    ],
    [
      'no issuer',
      { certificateIdentity: 'x' },
      '--certificate-oidc-issuer and --certificate-oidc-issuer-regexp',
    ],
    ['two identities', { ...IDENTITY, certificateIdentityRegexp: 'x' }, 'want one of --certificate-identity'],
  ])('is refused with %s', (_, options, reason) => {
    expect(() => signerPolicyInput(options, undefined)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(reason), exitCode: 2 }),
    );
  });

  it('is refused when it makes no policy', () => {
    expect(() => compileSignerPolicy({ identityRegexp: '(', issuer: 'x' })).toThrow(
      expect.objectContaining({ message: expect.stringContaining('identityRegexp'), exitCode: 2 }),
    );
    expect(() => compileSignerPolicy({ key: 'no key' })).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('--key', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-key-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('names a file, or a variable', async () => {
    const file = join(directory, 'key.pub');
    await writeFile(file, PEM);
    expect(await readSignerPolicyInput({ key: file }, {})).toEqual({ key: PEM });
    expect(await readSignerPolicyInput({ key: 'env://KEY' }, { KEY: PEM })).toEqual({ key: PEM });
  });

  it.each([
    ['a file that is not there', 'none.pub', 'cannot be read (ENOENT)'],
    ['a variable that is not set', 'env://NONE', 'the variable is not set'],
    ['a key service', 'awskms://alias/key', 'awskms:// is not known here'],
  ])('is refused for %s', async (_, key, reason) => {
    await expect(readSignerPolicyInput({ key }, {})).rejects.toThrow(reason);
  });

  it('is refused for a file that is too large, or no text', async () => {
    const large = join(directory, 'large');
    await writeFile(large, 'x'.repeat(70_000));
    await expect(readSignerPolicyInput({ key: large }, {})).rejects.toThrow('larger than 65536 bytes');
    const binary = join(directory, 'binary');
    await writeFile(binary, new Uint8Array([0xff, 0xfe]));
    await expect(readSignerPolicyInput({ key: binary }, {})).rejects.toThrow('is no text');
  });
});
