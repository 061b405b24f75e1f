import { Option, type Command } from 'commander';

/** Where and how people log in. The names are cosign's. */
export function addLoginOptions(command: Command): Command {
  return command
    .option('--oidc-issuer <url>', "issuer to log in at (default: the signing configuration's)")
    .option('--oidc-client-id <id>', 'client to log in as', 'sigstore')
    .option('--oidc-client-secret-file <file>', 'its secret, where it has one')
    .option(
      '--oidc-redirect-url <url>',
      'where the browser comes back to (default: a free port of this machine)',
    )
    .addOption(
      new Option(
        '--fulcio-auth-flow <flow>',
        'normal is the browser, device another machine, token no login (default: what is possible)',
      ).choices(['normal', 'device', 'client_credentials', 'token']),
    );
}

/** Who signs: a token, where to look for one, or a login. */
export function addIdentityOptions(command: Command): Command {
  command
    .option('--identity-token <token or file>', 'who signs (or set SIGSTORE_ID_TOKEN)')
    .addOption(
      new Option('--oidc-provider <name>', 'asks only this one for a token').choices([
        'envvar',
        'github-actions',
        'buildkite-agent',
        'filesystem',
        'spiffe',
      ]),
    )
    .option('--oidc-disable-ambient-providers', 'looks for no token around, and logs in');
  return addLoginOptions(command);
}
