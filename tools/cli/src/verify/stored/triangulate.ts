import { CliError, exitCodes } from '../../cli-error.ts';
import { resolveImage } from '../image/gather-evidence.ts';
import { readImageReference } from '../../registry/image-reference.ts';
import { signatureRepository } from '../../registry/signature-repository.ts';
import { withRegistry } from '../image/registry.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import type { Surroundings } from '../options.ts';
import { attachedTag, type AttachedKind } from './attached-tags.ts';

export interface TriangulateOptions extends RegistryOptions {
  readonly type: string;
}

const KINDS: readonly AttachedKind[] = ['signature', 'attestation', 'sbom'];

/** Prints where something of an image lies. @throws CliError */
export async function triangulate(
  image: string,
  options: TriangulateOptions,
  environment: Surroundings['environment'],
): Promise<void> {
  const reference = readImageReference(image);
  const kind = KINDS.find((one) => one === options.type);
  if (kind === undefined && options.type !== 'digest')
    throw new CliError(`--type is ${KINDS.join(', ')} or digest`, exitCodes.usage);
  const digest =
    reference.digest ??
    (await withRegistry(reference, options, environment, (registry) => resolveImage(registry, reference)));
  const place =
    kind === undefined
      ? `${reference.name}@${digest}`
      : `${signatureRepository(reference, environment).name}:${attachedTag(kind, digest)}`;
  process.stdout.write(`${place}\n`);
}
