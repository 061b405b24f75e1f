import type { CredentialSource, Credentials } from '@sigstead/oci';
import { CliError, exitCodes } from '../cli-error.ts';
import type { RegistryOptions } from './options.ts';

/**
 * What the registries know the caller by: what options say of the one registry there is; else what docker and podman keep.
 *
 * @throws CliError as {@link givenCredentials}
 */
export async function credentialSource(
  options: RegistryOptions,
  registries: ReadonlySet<string>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CredentialSource> {
  const given = givenCredentials(options, registries);
  if (given !== undefined) return () => given;
  const [{ registryCredentials }, { homedir }] = await Promise.all([
    import('@sigstead/registry-access'),
    import('node:os'),
  ]);
  return registryCredentials({ environment, homeDirectory: homedir() });
}

/**
 * Credentials as options say them.
 *
 * @throws CliError for half of a user name and password, and where there are several registries to give them to
 */
export function givenCredentials(
  options: RegistryOptions,
  registries: ReadonlySet<string>,
): Credentials | undefined {
  const given = readCredentials(options);
  if (given === undefined || registries.size === 1) return given;
  const names = [...registries].join(', ');
  throw new CliError(`credentials as options are for one registry, here are ${names}`, exitCodes.usage);
}

/**
 * Token services on other hosts than their registries: `registry=host`, comma-separated, in SIGSTEAD_REGISTRY_TOKEN_HOSTS.
 *
 * @throws CliError
 */
export async function knownTokenHosts(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> {
  const text = environment['SIGSTEAD_REGISTRY_TOKEN_HOSTS'] ?? '';
  if (text.trim() === '') return {};
  const { registryPattern, RegistryRules } = await import('@sigstead/registry-access');
  const tokenHosts = text.split(',').map((part) => {
    const read = registryPattern.tokenHost.safeParse(part.trim());
    if (read.success) return read.data;
    throw new CliError(
      `SIGSTEAD_REGISTRY_TOKEN_HOSTS ${JSON.stringify(part.trim())}: ${read.error.issues[0]?.message ?? ''}`,
      exitCodes.usage,
    );
  });
  return new RegistryRules({ tokenHosts }).tokenHosts;
}

function readCredentials({
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
