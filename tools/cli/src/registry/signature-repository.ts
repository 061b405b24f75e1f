import type { ImageReference } from '@sigstead/oci';
import type { Place } from '@sigstead/signing';
import { CliError, exitCodes } from '../cli-error.ts';
import { readImageReference } from './image-reference.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where signatures of an image are kept: beside it, or in the one repository that COSIGN_REPOSITORY names.
 *
 * @throws CliError when it names none
 */
export function signatureRepository(image: ImageReference, environment: Environment): ImageReference {
  const text = environment['COSIGN_REPOSITORY'] ?? '';
  if (text === '') return image;
  const repository = repositoryOf(text);
  if (repository.tag === undefined && repository.digest === undefined) return repository;
  throw new CliError(
    `COSIGN_REPOSITORY ${JSON.stringify(text)}: want a repository without tag and digest`,
    exitCodes.usage,
  );
}

function repositoryOf(text: string): ImageReference {
  try {
    return readImageReference(text);
  } catch (cause) {
    if (!(cause instanceof CliError)) throw cause;
    throw new CliError(`COSIGN_REPOSITORY: ${cause.message}`, exitCodes.usage, { cause });
  }
}

/** What is told of where signatures are kept, when it is not beside their image. */
export function describeRepository({ image, repository = image }: Place): { repository?: string } {
  return repository.name === image.name ? {} : { repository: repository.name };
}

/** Services keep and look for signatures beside images. @throws CliError */
export function assertBesideImages(environment: Environment): void {
  if ((environment['COSIGN_REPOSITORY'] ?? '') === '') return;
  throw new CliError(
    'COSIGN_REPOSITORY is for what is signed and judged here: no service knows it',
    exitCodes.usage,
  );
}
