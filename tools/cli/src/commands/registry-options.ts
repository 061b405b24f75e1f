import type { Command } from 'commander';
import { addSwitch } from '../boolean-options.ts';

/** How registries are spoken to. The names are cosign's; without them docker's and podman's configurations say who the caller is. */
export function addRegistryOptions(command: Command): Command {
  addSwitch(command, '--allow-http-registry', 'speaks to a registry without TLS where it has none');
  addSwitch(command, '--allow-insecure-registry', 'takes any certificate for that of the registry');
  return command
    .option('--registry-username <name>', 'user name at the registry (default: as docker knows it)')
    .option('--registry-password <password>', 'its password')
    .option('--registry-token <token>', 'bearer token for the registry, in their place')
    .option('--registry-cacert <file>', 'CA that the certificate of the registry must lead to')
    .option('--registry-client-cert <file>', 'certificate to show to the registry')
    .option('--registry-client-key <file>', 'its key')
    .option('--registry-server-name <name>', 'name that the certificate of the registry must have');
}
