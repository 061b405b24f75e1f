import { OciError, parseImageReference, type ImageReference } from '@sigstead/oci';
import { CliError, exitCodes } from '../cli-error.ts';

/** @throws CliError when it is none */
export function readImageReference(text: string): ImageReference {
  try {
    return parseImageReference(text);
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new CliError(cause.message, exitCodes.usage, { cause });
  }
}

/** The name in full, as cosign tells it: a tag is always there, unless there is a digest. */
export function fullName(image: ImageReference): string {
  if (image.digest !== undefined) return `${image.name}@${image.digest}`;
  return `${image.name}:${image.tag ?? 'latest'}`;
}
