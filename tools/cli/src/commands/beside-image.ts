import { Command, Option } from 'commander';
import { addSwitch } from '../boolean-options.ts';
import type { CleanOptions } from '../beside/clean-image.ts';
import type { CopyCommandOptions } from '../beside/copy-image.ts';
import type { GenerateOptions } from '../beside/generate-payload.ts';
import { addAnnotationOption } from './annotation-option.ts';
import { addRegistryOptions } from './registry-options.ts';

export function copyCommand(): Command {
  const command = new Command('copy')
    .description('Copies an image with all that was signed and attested about it.')
    .argument('<source>', 'host/repository[:tag][@digest]')
    .argument('<destination>', 'host/repository[:tag]')
    .option('--only <kinds>', 'leaves the image where it is: some of sig, att, sbom, referrer, with commas')
    .option('--platform <platform>', 'of an index only this one: os/architecture[/variant]');
  addSwitch(command, '--sig-only', 'short for --only sig,referrer');
  addSwitch(command, '-f, --force', 'moves a tag that is there and names another image');
  return addRegistryOptions(command)
    .addHelpText(
      'after',
      `
What is there already stays: signatures are added to it. Copying again sends only what is missing.

Examples:
  $ npx sigstead copy registry/app:v1 mirror.example/app:v1
  $ npx sigstead copy --sig-only registry/app@sha256:... mirror.example/app`,
    )
    .action(async (source: string, destination: string, options: CopyCommandOptions) => {
      const { copy } = await import('../beside/copy-image.ts');
      await copy(source, destination, options, process.env);
    });
}

export function cleanCommand(): Command {
  const command = new Command('clean')
    .description('Removes what was signed and attested about an image; the image stays.')
    .argument('<image>', 'host/repository[:tag][@digest]')
    .addOption(
      new Option('--type <type>', 'what is removed: a kind of tag, or referrer for bundles')
        .choices(['signature', 'attestation', 'sbom', 'referrer', 'all'])
        .default('all'),
    );
  addSwitch(command, '-f, --force', 'asks nothing');
  return addRegistryOptions(command)
    .addHelpText(
      'after',
      `
Signatures in the newer form are bundles: --type signature leaves them, --type referrer removes them.

Example:
  $ npx sigstead clean --type referrer --force registry/app:v1`,
    )
    .action(async (image: string, options: CleanOptions) => {
      const { clean } = await import('../beside/clean-image.ts');
      await clean(image, options, process.env);
    });
}

export function generateCommand(): Command {
  const command = new Command('generate')
    .description("Prints the payload that is signed for an image in cosign's older form.")
    .argument('<image>', 'host/repository[:tag][@digest]');
  return addRegistryOptions(addAnnotationOption(command, 'adds to the payload'))
    .addHelpText(
      'after',
      '\nExample:\n  $ npx sigstead generate -a commit=4f2c registry/app:v1 > payload.json',
    )
    .action(async (image: string, options: GenerateOptions) => {
      const { generatePayload } = await import('../beside/generate-payload.ts');
      await generatePayload(image, options, process.env);
    });
}
