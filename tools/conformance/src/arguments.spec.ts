import { describe, expect, it } from '@jest/globals';
import { parseArguments } from './arguments.ts';

const IDENTITY = ['--certificate-identity', 'a@b', '--certificate-oidc-issuer', 'https://issuer'];

describe('verify-bundle', () => {
  it('takes an identity', () => {
    expect(
      parseArguments(['verify-bundle', '--bundle', 'b', ...IDENTITY, '--trusted-root', 'r', 'f']),
    ).toEqual({
      command: 'verify-bundle',
      bundle: 'b',
      signer: { kind: 'identity', identity: 'a@b', issuer: 'https://issuer' },
      trustedRoot: 'r',
      artifact: 'f',
    });
  });

  it('takes a key, and no trusted root', () => {
    expect(parseArguments(['verify-bundle', '--bundle', 'b', '--key', 'k', 'f'])).toMatchObject({
      signer: { kind: 'key', key: 'k' },
      trustedRoot: undefined,
    });
  });

  it('takes the staging instance when its root is given', () => {
    const args = ['verify-bundle', '--staging', '--bundle', 'b', '--key', 'k', '--trusted-root', 'r', 'f'];
    expect(parseArguments(args)).toMatchObject({ trustedRoot: 'r' });
  });

  it.each([
    ['no bundle', [...IDENTITY, 'f'], '--bundle is required'],
    ['no signer', ['--bundle', 'b', 'f'], '--certificate-identity is required'],
    [
      'no issuer',
      ['--bundle', 'b', '--certificate-identity', 'a@b', 'f'],
      '--certificate-oidc-issuer is required',
    ],
    ['key and identity', ['--bundle', 'b', '--key', 'k', ...IDENTITY, 'f'], '--key excludes'],
    ['no artifact', ['--bundle', 'b', '--key', 'k'], '0 artifacts'],
    ['two artifacts', ['--bundle', 'b', '--key', 'k', 'f', 'g'], '2 artifacts'],
    ['an unknown option', ['--bundle', 'b', '--key', 'k', '--offline', 'f'], '--offline'],
    ['staging without its root', ['--staging', '--bundle', 'b', '--key', 'k', 'f'], '--trusted-root'],
  ])('refuses %s', (_what, args, reason) => {
    expect(() => parseArguments(['verify-bundle', ...args])).toThrow(reason);
  });
});

describe('sign-bundle', () => {
  const services = ['--trusted-root', 'r', '--signing-config', 's'];

  it('takes a file, or a statement', () => {
    const args = ['--identity-token', 't', '--bundle', 'b', ...services, 'f'];
    const wanted = {
      command: 'sign-bundle',
      identityToken: 't',
      bundle: 'b',
      trustedRoot: 'r',
      signingConfig: 's',
      inToto: false,
      file: 'f',
    };
    expect(parseArguments(['sign-bundle', ...args])).toEqual(wanted);
    expect(parseArguments(['sign-bundle', '--staging', '--in-toto', ...args])).toEqual({
      ...wanted,
      inToto: true,
    });
  });

  it.each([
    ['no token', ['--bundle', 'b', ...services, 'f'], '--identity-token is required'],
    ['no bundle', ['--identity-token', 't', ...services, 'f'], '--bundle is required'],
    ['no trusted root', ['--identity-token', 't', '--bundle', 'b', 'f'], '--trusted-root is required'],
    [
      'no signing config',
      ['--identity-token', 't', '--bundle', 'b', '--trusted-root', 'r', 'f'],
      '--signing-config is required',
    ],
    ['no file', ['--identity-token', 't', '--bundle', 'b', ...services], '0 artifacts'],
    ['what verifying takes', ['--key', 'k', 'f'], '--key'],
  ])('refuses %s', (_what, args, reason) => {
    expect(() => parseArguments(['sign-bundle', ...args])).toThrow(reason);
  });
});

it('refuses another command', () => {
  expect(() => parseArguments(['verify'])).toThrow('the command is "verify"');
  expect(() => parseArguments([])).toThrow('the command is ""');
});
