import { Command } from 'commander';
import { addSwitch } from '../boolean-options.ts';
import type { SignOptions } from '../signing/options.ts';
import { addAnnotationOption } from './annotation-option.ts';
import { addRegistryOptions } from './registry-options.ts';
import { addFormOptions, addSigningOptions, SERVICES, surroundingsOf } from './signing-options.ts';

export function signCommand(): Command {
  const command = new Command('sign')
    .description('Signs container images and pushes the signatures beside them.')
    .argument('<images...>', 'host/repository[:tag][@digest]');
  addFormOptions(addAnnotationOption(command, 'adds to what is signed'));
  addSwitch(command, '-r, --recursive', 'signs all that an index lists, too');
  addSwitch(command, '--upload', 'false: pushes nothing; the signature is in --bundle or --output json');
  command.option('--bundle <file>', 'writes the Sigstore bundle to a file; of several, to a folder');
  return addRegistryOptions(addSigningOptions(command))
    .addHelpText(
      'after',
      `${SERVICES}

Examples:
  $ npx sigstead sign localhost:8080/app@sha256:...                  one image, as whoever the token says
  $ npx sigstead sign -a commit=4f2c --recursive registry/app:v1     an index with its images, and an annotation
  $ npx sigstead sign $(cat images.txt)                              many, with one token and one certificate
  $ npx sigstead sign --key sigstead.key registry/app:v1             with a key pair
  $ COSIGN_REPOSITORY=registry/signatures npx sigstead sign registry/app:v1
                                                                     kept in another repository; verify wants the same

Exit codes: 0 all are signed, 1 one is not, 2 wrong usage.`,
    )
    .action(async (images: string[], options: SignOptions, self: Command) => {
      const { signImages } = await import('../signing/image/sign-images.ts');
      await signImages(images, options, surroundingsOf(self));
    });
}
