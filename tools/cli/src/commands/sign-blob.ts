import { Command } from 'commander';
import { addSwitch } from '../boolean-options.ts';
import type { SignBlobOptions } from '../signing/options.ts';
import { addSigningOptions, SERVICES, surroundingsOf } from './signing-options.ts';

export function signBlobCommand(): Command {
  const command = new Command('sign-blob')
    .description('Signs files, and writes the bundles that prove it.')
    .argument('<files...>', 'file, - for standard input, or its digest: sha256:<hex>')
    .option('--bundle <file>', 'where the bundle goes (default: <file>.sigstore.json); of several, a folder')
    .option('--output-signature <file>', 'writes the signature, too')
    .option('--output-certificate <file>', 'writes the certificate, too')
    .option('--rfc3161-timestamp <file>', 'writes the timestamp, too');
  addSwitch(command, '--b64', 'signature and certificate in base64, which is so unless it is false');
  addSwitch(command, '--new-bundle-format', 'is always so', { hidden: true });
  return addSigningOptions(command)
    .addHelpText(
      'after',
      `${SERVICES}

Examples:
  $ npx sigstead sign-blob --bundle app.sigstore.json app.tar.gz
  $ npx sigstead sign-blob dist/*                                    each has its bundle beside it
  $ npx sigstead sign-blob --bundle bundles/ sha256:4f2c... sha256:91ab...

Exit codes: 0 all are signed, 1 one is not, 2 wrong usage.`,
    )
    .action(async (files: string[], options: SignBlobOptions, self: Command) => {
      const { signBlobs } = await import('../signing/blob/sign-blobs.ts');
      await signBlobs(files, options, surroundingsOf(self));
    });
}
