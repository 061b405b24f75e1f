import { OciError, type ImageReference, type RegistryClient } from '@sigstead/oci';
import { CliError, exitCodes } from '../cli-error.ts';
import { printable } from '../printable.ts';
import { openRegistries } from '../registry/open-registries.ts';
import type { RegistryOptions } from '../registry/options.ts';

/** Runs work with the registries of images. @throws CliError for what they refuse */
export async function withRegistries<T>(
  images: readonly ImageReference[],
  options: RegistryOptions,
  environment: NodeJS.ProcessEnv,
  work: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const { client, close } = await openRegistries(images, options, environment);
  try {
    return await work(client);
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new CliError(printable(cause.message), exitCodes.failed, { cause });
  } finally {
    close();
  }
}
