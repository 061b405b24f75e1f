import type { JsonObject } from '@sigstead/encoding';
import { givenCredentials } from '../../registry/credentials.ts';
import { bundleFiles } from '../bundle-files.ts';
import { wantedForm } from '../image/signature-form.ts';
import type { NamedImage } from '../image/resolve-images.ts';
import type { CommandSurroundings, SignOptions } from '../options.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import { askSigner, needsConfig } from './ask-signer.ts';
import { keepBundle } from './bundle-in.ts';

/** Has a signer service sign images and push the signatures. @throws CliError */
export async function haveImagesSigned(
  images: readonly NamedImage[],
  options: SignOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  const { annotations, recursive = false, bundle, upload } = options;
  if (upload === false) throw needsConfig('--upload=false', options);
  if (bundle !== undefined && recursive) throw needsConfig('--bundle with --recursive', options);
  const form = wantedForm(options);
  const bundles = bundle === undefined ? undefined : await bundleFiles(bundle, images.length > 1);
  const artifacts = images.map(({ name }) => ({
    name,
    body: {
      image: name,
      ...(annotations !== undefined && { annotations: { ...annotations } }),
      ...(form !== undefined && { form }),
      ...(recursive && { recursive }),
    },
  }));
  const keep = (_at: number, answer: JsonObject) =>
    keepBundle(answer, bundles?.pathFor(String(answer['digest'])));
  const common = registryAuth(images, options);
  await askSigner({ route: 'sign', artifacts, common, keep }, options, surroundings);
}

/** Credentials the caller gave go along, for this one request; what docker keeps stays here. */
export function registryAuth(images: readonly NamedImage[], options: RegistryOptions): JsonObject {
  const registries = new Set(images.map(({ image }) => image.registry));
  const credentials = givenCredentials(options, registries);
  if (credentials === undefined) return {};
  const entries = [...registries].map((registry) => [registry, { ...credentials }] as const);
  return { registryAuth: Object.fromEntries(entries) };
}
