import { Command, Option } from 'commander';
import { addSwitch } from '../boolean-options.ts';
import type { AttestBlobOptions, AttestOptions } from '../signing/options.ts';
import { addRegistryOptions } from './registry-options.ts';
import {
  addFormOptions,
  addPredicateOptions,
  addSigningOptions,
  SERVICES,
  surroundingsOf,
} from './signing-options.ts';

export function attestCommand(): Command {
  const command = new Command('attest')
    .description('Attests something about container images and pushes the attestations beside them.')
    .argument('<images...>', 'host/repository[:tag][@digest]');
  addFormOptions(addPredicateOptions(command));
  addSwitch(command, '--replace', 'takes the place of the attestations of this type');
  command
    .addOption(new Option('--upload').hideHelp())
    .option('--no-upload', 'pushes nothing; the attestation is in --bundle or --output json')
    .option('--bundle <file>', 'writes the Sigstore bundle to a file; of several, to a folder');
  return addRegistryOptions(addSigningOptions(command))
    .addHelpText(
      'after',
      `${SERVICES}

Examples:
  $ npx sigstead attest --type slsaprovenance1 --predicate provenance.json registry/app@sha256:...
  $ npx sigstead attest --type cyclonedx --predicate bom.json --replace registry/app:v1
  $ npx sigstead attest --statement statement.json registry/app:v1   it must be about this image

Exit codes: 0 all are attested, 1 one is not, 2 wrong usage.`,
    )
    .action(async (images: string[], options: AttestOptions, self: Command) => {
      const { attestImages } = await import('../signing/attest/attest-images.ts');
      await attestImages(images, options, surroundingsOf(self));
    });
}

export function attestBlobCommand(): Command {
  const command = new Command('attest-blob')
    .description('Attests something about a file, and writes the bundle that proves it.')
    .argument(
      '[file]',
      'file, - for standard input, or its digest: sha256:<hex>; not needed with a statement',
    );
  addPredicateOptions(command)
    .option('--bundle <file>', 'where the bundle goes (default: <file>.sigstore.json)')
    .option('--hash <hex>', 'SHA-256 of the file, which is not read then')
    .option('--output-attestation <file>', 'writes the statement, too')
    .option('--output-signature <file>', 'writes the envelope, too')
    .option('--output-certificate <file>', 'writes the certificate, too')
    .option('--rfc3161-timestamp-bundle <file>', 'writes the timestamp, too');
  addSwitch(command, '--new-bundle-format', 'is always so', { hidden: true });
  return addSigningOptions(command)
    .addHelpText(
      'after',
      `${SERVICES}

Examples:
  $ npx sigstead attest-blob --type spdxjson --predicate sbom.json --bundle app.sigstore.json app.tar.gz
  $ npx sigstead attest-blob --statement statement.json --bundle app.sigstore.json

Exit codes: 0 attested, 1 not, 2 wrong usage.`,
    )
    .action(async (file: string | undefined, options: AttestBlobOptions, self: Command) => {
      const { attestBlob } = await import('../signing/attest/attest-blob.ts');
      await attestBlob(file, options, surroundingsOf(self));
    });
}
