import { Option, type Command } from 'commander';
import { addSwitch } from '../boolean-options.ts';
import { baseUrl } from '../base-url.ts';
import type { CommandSurroundings } from '../signing/options.ts';
import { addIdentityOptions } from './identity-options.ts';
import { addPasswordOption } from './keys.ts';
import { addPredicateTypeOption } from './verify-options.ts';

/** What signs, and which services take part. */
export function addSigningOptions(command: Command): Command {
  command.option(
    '--key <file>',
    "signs with a key of ours or of cosign's, or env://NAME, without an identity",
  );
  addIdentityOptions(addPasswordOption(command));
  return addServiceOptions(command)
    .option('-y, --yes', 'accepted for likeness with cosign: there is nothing to confirm')
    .addOption(
      new Option('--output <format>', 'text, or json: a line for each')
        .choices(['text', 'json'])
        .default('text'),
    );
}

function addServiceOptions(command: Command): Command {
  command
    .option('--signing-config <file>', 'services that sign (or set SIGSTEAD_SIGNING_CONFIG)')
    .option('--trusted-root <file>', 'what their answers are verified by (or set SIGSTEAD_TRUSTED_ROOT)')
    .addOption(
      new Option(
        '--rekor-version <version>',
        'log to sign with (default: that of the configuration)',
      ).choices(['1', '2']),
    )
    .option('--fulcio-url <url>', 'certificate authority, in the place of a configuration')
    .option('--rekor-url <url>', 'transparency log, likewise')
    .option('--timestamp-server-url <url>', 'timestamp authority, the whole URL of its requests')
    .option('--signer <url>', 'has a signer service sign');
  addSwitch(command, '--use-signing-config', 'false: by single URLs', { hidden: true });
  addSwitch(command, '--tlog-upload', 'is always so; false is refused', { hidden: true });
  return command;
}

export function addFormOptions(command: Command): Command {
  command.addOption(
    new Option(
      '--form <form>',
      'legacy (.sig and .att tags), bundle, or both (default: both on Rekor v1, bundle on v2)',
    ).choices(['legacy', 'bundle', 'both']),
  );
  return addSwitch(command, '--new-bundle-format', "cosign's words for --form bundle, and false for legacy");
}

export function addPredicateOptions(command: Command): Command {
  command.option('--predicate <file>', 'what is said: the predicate, or - for standard input');
  return addPredicateTypeOption(command).option(
    '--statement <file>',
    'the whole in-toto statement, in the place of a predicate',
  );
}

export const SERVICES = `
Signs here, with a key that is made for it and forgotten, by the services of the signing configuration: --signing-config, or
SIGSTEAD_SIGNING_CONFIG, or trust/ in SIGSTEAD_HOME (.sigstead, unless --url or SIGSTEAD_URL names a stack). Where there is none, the
signer service of the stack signs. Every signature is verified before it is stored.`;

/** Whoever names a stack by its URL does not mean the one in this folder. */
export function surroundingsOf(command: Command): CommandSurroundings {
  const isNamed =
    command.getOptionValueSourceWithGlobals('url') === 'cli' || Boolean(process.env['SIGSTEAD_URL']);
  return { environment: process.env, url: baseUrl(command), isStackNamed: isNamed };
}
