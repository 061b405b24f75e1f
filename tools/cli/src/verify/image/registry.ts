import { OciError, type ImageReference } from '@sigstead/oci';
import { CliError, exitCodes } from '../../cli-error.ts';
import { signatureRepository } from '../../registry/signature-repository.ts';
import { openRegistries, type Registries } from '../../registry/open-registries.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import type { Surroundings } from '../options.ts';

export interface Registry extends Pick<Registries, 'client'> {
  /** Ends everything that is asked of it. */
  readonly signal: AbortSignal;
  /** Where the signatures of the image are kept. */
  readonly repository: ImageReference;
}

/** For all there is to read of one image. */
const TOTAL_TIMEOUT_MS = 180_000;

/** Runs work with the registries of an image and of its signatures, and tells their failures apart. @throws CliError */
export async function withRegistry<T>(
  image: ImageReference,
  options: RegistryOptions,
  environment: Surroundings['environment'],
  work: (registry: Registry) => Promise<T>,
): Promise<T> {
  const repository = signatureRepository(image, environment);
  const { client, signal, close } = await openRegistries(
    [image, repository],
    options,
    environment,
    TOTAL_TIMEOUT_MS,
  );
  try {
    return await work({ client, repository, signal: signal ?? AbortSignal.timeout(TOTAL_TIMEOUT_MS) });
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new CliError(`${image.toString()}: ${cause.message}`, exitCodes.failed, { cause });
  } finally {
    close();
  }
}
