import type { CredentialSource, Credentials } from '@sigstead/oci';
import { CliError, exitCodes } from '../cli-error.ts';
import type { RegistryOptions } from './options.ts';

/**
 * What the registries know the caller by: what options say, for every registry of the command; else what docker and podman keep.
 *
 * @throws CliError for half of a user name and password
 */
export async function credentialSource(
  options: RegistryOptions,
  environment: NodeJS.ProcessEnv,
): Promise<CredentialSource> {
  const given = givenCredentials(options);
  if (given !== undefined) return () => given;
  const [{ registryCredentials }, { homedir }] = await Promise.all([
    import('@sigstead/registry-access'),
    import('node:os'),
  ]);
  return registryCredentials({ environment, homeDirectory: homedir() });
}

/** @throws CliError for half of a user name and password */
export function givenCredentials({
  registryUsername: username,
  registryPassword: password,
  registryToken: token,
}: RegistryOptions): Credentials | undefined {
  if (username === undefined && password === undefined) return token === undefined ? undefined : { token };
  if (username === undefined || password === undefined)
    throw new CliError('--registry-username and --registry-password go together', exitCodes.usage);
  if (token !== undefined)
    throw new CliError('--registry-token stands in the place of a user name and password', exitCodes.usage);
  return { username, password };
}
