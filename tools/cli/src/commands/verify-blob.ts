import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { BlobAttestationVerifyOptions, BlobVerifyOptions } from '../verify/options.ts';
import {
  addEvidenceOptions,
  addPredicateTypeOption,
  addSignerOptions,
  addTrustOptions,
} from './verify-options.ts';

const OUTPUT = [
  '-o, --output <format>',
  'also prints the chain of trust (text) or the verdict (json)',
] as const;

export function verifyBlobCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('verify-blob')
    .description('Verifies the signature of a file.')
    .argument('<file>', 'file, - for standard input, or its digest: sha256:<hex>');
  addEvidenceOptions(addTrustOptions(addSignerOptions(command)));
  return command
    .option('--bundle <file>', 'Sigstore bundle, or what older versions of cosign wrote')
    .option('--signature <file>', 'base64 of the signature, or a file with it, where there is no bundle')
    .option('--certificate <file>', 'certificate of the signer, where there is no bundle')
    .option('--rfc3161-timestamp <file>', "timestamp of the signature, as cosign's older versions wrote it")
    .option(...OUTPUT)
    .action(async (file: string, options: BlobVerifyOptions, command: Command) => {
      const { verifyBlob } = await import('../verify/blob/verify-blob.ts');
      await verifyBlob(file, options, { environment, url: baseUrl(command), program: process.argv[1] });
    });
}

export function verifyBlobAttestationCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('verify-blob-attestation')
    .description('Verifies an attestation about a file.')
    .argument('[file]', 'file, - for standard input, or its digest: sha256:<hex>');
  addPredicateTypeOption(addEvidenceOptions(addTrustOptions(addSignerOptions(command))));
  return command
    .requiredOption('--bundle <file>', 'Sigstore bundle')
    .option('--digest <hex>', 'digest of the file, in its place')
    .option('--digestAlg <algorithm>', 'sha256, sha384 or sha512')
    .option(...OUTPUT)
    .action(async (file: string | undefined, options: BlobAttestationVerifyOptions, command: Command) => {
      const { verifyBlobAttestation } = await import('../verify/blob/verify-blob-attestation.ts');
      await verifyBlobAttestation(file, options, {
        environment,
        url: baseUrl(command),
        program: process.argv[1],
      });
    });
}
