import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { AttestationVerifyOptions, ImageVerifyOptions } from '../verify/options.ts';
import { addAnnotationOption } from './annotation-option.ts';
import { addRegistryOptions } from './registry-options.ts';
import {
  addEvidenceOptions,
  addPredicateTypeOption,
  addSignerOptions,
  addTrustOptions,
} from './verify-options.ts';

const EXIT_CODES = `
Exit codes: 0 verified, 10 no signature, 11 no such image, 12 no signature passes, 13 signatures without a certificate,
2 wrong usage, 1 anything else.`;

const TRUST = `
Judged here, by the trusted root that the options name, else by SIGSTEAD_TRUSTED_ROOT, else by trust/trusted_root.json in
SIGSTEAD_HOME (.sigstead). Where there is none, the verifier of the stack is asked.`;

export function verifyCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('verify')
    .description('Verifies the signatures of container images and tells their chain of trust.')
    .argument('<images...>', 'host/repository[:tag][@digest]');
  addAnnotationOption(addSignerOptions(command), 'must be signed').option(
    '--policy <file>',
    'image policy that must be met, in the place of one signer (JSON)',
  );
  return addImageOptions(command)
    .option('--verifier <url>', 'has a verifier service judge, by its own trusted root')
    .option(
      '-o, --output <format>',
      'text, or json: what cosign prints (the default where this program is called cosign)',
    )
    .addHelpText('after', `${TRUST}\n${EXIT_CODES}`)
    .action(async (images: readonly string[], options: ImageVerifyOptions, command: Command) => {
      const { verifyImages } = await import('../verify/image/verify-images.ts');
      await verifyImages(images, options, { environment, url: baseUrl(command), program: process.argv[1] });
    });
}

export function verifyAttestationCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('verify-attestation')
    .description('Verifies the attestations of container images and prints their envelopes.')
    .argument('<images...>', 'host/repository[:tag][@digest]');
  return addImageOptions(addPredicateTypeOption(addSignerOptions(command)))
    .option(
      '-o, --output <format>',
      'json: the envelopes as cosign prints them, or text: the chain of trust',
      'json',
    )
    .addHelpText('after', EXIT_CODES)
    .action(async (images: readonly string[], options: AttestationVerifyOptions, command: Command) => {
      const { verifyImageAttestations } = await import('../verify/image/verify-image-attestations.ts');
      await verifyImageAttestations(images, options, {
        environment,
        url: baseUrl(command),
        program: process.argv[1],
      });
    });
}

function addImageOptions(command: Command): Command {
  addRegistryOptions(addEvidenceOptions(addTrustOptions(command)));
  return command.option(
    '--rekor-url <url>',
    'Rekor v1 log that is asked for proofs which signatures came without (default: the stack)',
  );
}
