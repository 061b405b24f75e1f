import { Option, type Command } from 'commander';

// The names are cosign's where cosign has them.

/** Who is expected to have signed. */
export function addSignerOptions(command: Command): Command {
  return command
    .option('--certificate-identity <identity>', 'who must have signed, exactly')
    .option('--certificate-identity-regexp <pattern>', 'who must have signed, as a regular expression (RE2)')
    .option('--certificate-oidc-issuer <url>', 'who must have vouched for the signer, exactly')
    .option('--certificate-oidc-issuer-regexp <pattern>', 'the same, as a regular expression (RE2)')
    .option('--certificate-github-workflow-repository <owner/name>', 'repository of the GitHub workflow')
    .option('--certificate-github-workflow-ref <ref>', 'Git ref it ran for')
    .option('--certificate-github-workflow-sha <sha>', 'commit it ran for')
    .option('--certificate-github-workflow-name <name>', 'its name')
    .option('--certificate-github-workflow-trigger <event>', 'event that started it')
    .option(
      '--key <file>',
      'public key that must have signed, in the place of a certificate: a PEM file, or env://VARIABLE',
    );
}

/** What is trusted, and what no longer is. */
export function addTrustOptions(command: Command): Command {
  return addTrustedRootOptions(command)
    .option('--revocations <file>', 'signed list of what is revoked')
    .option('--revocations-key <file>', 'public key that signs it');
}

export function addTrustedRootOptions(command: Command): Command {
  return command
    .option('--trusted-root <file>', 'trusted root to judge by, may be given several times', collect)
    .option('--trust-config <file>', 'the same out of a client trust config')
    .addOption(
      new Option('--trust-root <name>', "the public instance's, as it ships with this program").choices([
        'public-good',
      ]),
    )
    .option('--trust-roots <file>', 'list of trusted roots, in files and behind TUF mirrors (YAML or JSON)')
    .option('--offline', 'asks nobody but the registry');
}

/** What a signature has to bring along. */
export function addEvidenceOptions(command: Command): Command {
  const hidden = [
    new Option('--private-infrastructure', 'as --insecure-ignore-tlog'),
    new Option('--check-claims', 'is always so'),
    new Option('--no-check-claims', 'is refused'),
    new Option('--new-bundle-format', 'is always read'),
    new Option('--no-new-bundle-format', "reads cosign's older form only"),
    new Option('--experimental-oci11', 'also reads layers that refer to the image'),
    new Option('--max-workers <number>', 'is not needed'),
  ];
  command
    .option('--require-inclusion-proof', "takes no log's promise for its proof")
    .option('--use-signed-timestamps', 'requires a timestamp of a trusted authority')
    .option('--insecure-ignore-tlog', 'takes what is in no transparency log')
    .option(
      '--insecure-ignore-sct',
      'takes certificates that no certificate transparency log promised to publish',
    );
  for (const option of hidden) command.addOption(option.hideHelp());
  return command;
}

export function addPredicateTypeOption(command: Command): Command {
  return command.option(
    '--type <type>',
    'predicate type: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex, custom, or a URI',
    'custom',
  );
}

function collect(text: string, texts: readonly string[] = []): readonly string[] {
  return [...texts, text];
}
