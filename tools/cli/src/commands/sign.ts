import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { SignOptions } from '../signing/sign-image.ts';
import { addIdentityOptions } from './identity-options.ts';
import { keyValue } from './key-value.ts';

export function signCommand(): Command {
  return addIdentityOptions(new Command('sign'))
    .description('Signs a container image keyless and pushes the signature beside it.')
    .argument('<image>', 'host/repository[:tag][@digest]')
    .option(
      '-a, --annotations <key=value>',
      'adds to the signed payload, may be given several times',
      (text: string, values: Readonly<Record<string, string>> = {}) => ({
        ...values,
        ...keyValue('--annotations', text),
      }),
    )
    .option('--bundle <file>', 'writes the Sigstore bundle to a file')
    .option('--output <format>', 'text or json', 'text')
    .option('-y, --yes', 'accepted for likeness with cosign: there is nothing to confirm')
    .action(async (image: string, options: SignOptions, command: Command) => {
      const { signImage } = await import('../signing/sign-image.ts');
      await signImage(image, options, baseUrl(command));
    });
}
