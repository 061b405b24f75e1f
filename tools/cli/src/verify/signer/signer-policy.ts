import { compilePolicy, PolicyError, type Policy, type PolicyInput } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { SignerOptions } from '../options.ts';
import { readManagedKey } from './managed-key.ts';

const GITHUB_OPTIONS = {
  certificateGithubWorkflowRepository: 'repository',
  certificateGithubWorkflowRef: 'ref',
  certificateGithubWorkflowSha: 'sha',
  certificateGithubWorkflowName: 'workflowName',
  certificateGithubWorkflowTrigger: 'trigger',
} as const satisfies Partial<Record<keyof SignerOptions, string>>;

/** As {@link signerPolicyInput}, with the key that `--key` names. @throws CliError */
export async function readSignerPolicyInput(
  options: SignerOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PolicyInput> {
  const key = options.key === undefined ? undefined : await readManagedKey(options.key, environment);
  return signerPolicyInput(options, key);
}

/**
 * The policy that options stand for: an identity and who vouched for it, or a key.
 *
 * @param key PEM
 * @throws CliError for options that say too little, or two things at once
 */
export function signerPolicyInput(options: SignerOptions, key: string | undefined): PolicyInput {
  const { annotations } = options;
  const signed = annotations === undefined ? {} : { annotations };
  if (key !== undefined) {
    assertKeyAlone(options);
    return { key, ...signed };
  }
  const github = Object.entries(GITHUB_OPTIONS).flatMap(([option, name]) => {
    const value = options[option as keyof typeof GITHUB_OPTIONS];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...either(options, 'identity', 'certificateIdentity', 'certificateIdentityRegexp'),
    ...either(options, 'issuer', 'certificateOidcIssuer', 'certificateOidcIssuerRegexp'),
    ...(github.length === 0 ? {} : { github: Object.fromEntries(github) }),
    ...signed,
  };
}

/** @throws CliError naming what cannot be used */
export function compileSignerPolicy(input: PolicyInput): Policy {
  try {
    return compilePolicy(input);
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    throw new CliError(`what is expected of the signer cannot be used: ${cause.message}`, exitCodes.usage, {
      cause,
    });
  }
}

type Given = Extract<keyof SignerOptions, `certificate${string}`>;

function either(
  options: SignerOptions,
  field: 'identity' | 'issuer',
  exact: Given,
  pattern: Given,
): PolicyInput {
  const [value, source] = [options[exact], options[pattern]];
  if ((value === undefined) === (source === undefined)) {
    throw new CliError(`want one of ${flag(exact)} and ${flag(pattern)}`, exitCodes.usage);
  }
  return value === undefined ? { [`${field}Regexp`]: source } : { [field]: value };
}

function assertKeyAlone(options: SignerOptions): void {
  const other = (Object.keys(options) as (keyof SignerOptions)[]).find(
    (name) =>
      name.startsWith('certificate') && name !== ('certificate' as string) && options[name] !== undefined,
  );
  if (other === undefined) return;
  throw new CliError(`${flag(other)} is about certificates, and --key asks for none`, exitCodes.usage);
}

function flag(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
