import { OciError, type ImageReference } from '@sigstead/oci';
import { CliError, exitCodes } from '../../cli-error.ts';
import { openRegistries, type Registries } from '../../registry/open-registries.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import type { Surroundings } from '../options.ts';

export interface Registry extends Pick<Registries, 'client'> {
  /** Ends everything that is asked of it. */
  readonly signal: AbortSignal;
}

/** For all there is to read of one image. */
const TOTAL_TIMEOUT_MS = 180_000;

/** Runs work with the registry of an image, and tells its failures apart. @throws CliError */
export async function withRegistry<T>(
  image: ImageReference,
  options: RegistryOptions,
  environment: Surroundings['environment'],
  work: (registry: Registry) => Promise<T>,
): Promise<T> {
  const { client, signal, close } = await openRegistries([image], options, environment, TOTAL_TIMEOUT_MS);
  try {
    return await work({ client, signal: signal ?? AbortSignal.timeout(TOTAL_TIMEOUT_MS) });
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new CliError(`${image.toString()}: ${cause.message}`, exitCodes.failed, { cause });
  } finally {
    close();
  }
}
