import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { VerifyOptions } from '../verification/verify-image.ts';

export function verifyCommand(): Command {
  return new Command('verify')
    .description('Verifies the signatures of a container image and tells its chain of trust.')
    .argument('<image>', 'host/repository[:tag][@digest]')
    .option('--certificate-identity <identity>', 'who must have signed, exactly')
    .option('--certificate-identity-regexp <pattern>', 'who must have signed, as a regular expression (RE2)')
    .option('--certificate-oidc-issuer <url>', 'who must have vouched for the signer, exactly')
    .option('--certificate-oidc-issuer-regexp <pattern>', 'the same, as a regular expression (RE2)')
    .option('--output <format>', 'text or json', 'text')
    .addHelpText(
      'after',
      `
Exit codes: 0 verified, 10 no signature, 11 no such image, 12 no signature passes, 2 wrong usage, 1 anything else.`,
    )
    .action(async (image: string, options: VerifyOptions, command: Command) => {
      const { verifyImage } = await import('../verification/verify-image.ts');
      await verifyImage(image, options, baseUrl(command));
    });
}
