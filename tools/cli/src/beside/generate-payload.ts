import { simpleSigningPayload } from '@sigstead/signing';
import { readImageReference } from '../registry/image-reference.ts';
import type { RegistryOptions } from '../registry/options.ts';
import { asUsage } from '../signing/run/failure.ts';
import { withRegistries } from './with-registries.ts';

export interface GenerateOptions extends RegistryOptions {
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Prints the payload of an image's `.sig` form, to the byte. @throws CliError */
export async function generatePayload(
  image: string,
  options: GenerateOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const reference = readImageReference(image);
  await withRegistries([reference], options, environment, async (client) => {
    const digest = reference.digest ?? (await client.resolve(reference)).digest;
    const payload = asUsage(() => simpleSigningPayload(reference, digest, options.annotations));
    process.stdout.write(payload);
  });
}
