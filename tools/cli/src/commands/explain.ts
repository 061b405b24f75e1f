import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { ExplainOptions } from '../verify/options.ts';
import { addTrustedRootOptions } from './verify-options.ts';

export function explainCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('explain')
    .description('Tells what a bundle claims, and which links of it hold: no verification.')
    .argument('<bundle>', 'Sigstore bundle, or what older versions of cosign wrote');
  return addTrustedRootOptions(command)
    .option('--artifact <file>', 'what was signed: a file, - for standard input, or its digest')
    .option('--key <file>', 'public key, where no certificate came along')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (bundle: string, options: ExplainOptions, command: Command) => {
      const { explainBundle } = await import('../verify/explain/explain-bundle.ts');
      await explainBundle(bundle, options, { environment, url: baseUrl(command), program: process.argv[1] });
    });
}
