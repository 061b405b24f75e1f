import type { Cosign, CosignCommand } from './cosign-commands.ts';
import type { ComparedCommand, ComparedFlag, Comparison } from './compare.ts';

const INTRODUCTION = `Made by \`node tools/cli/dist/likeness/write-page.js\` from cosign's own code and the definitions our command parses by; a spec
fails when the page is stale. "Supported" is what is there under the same name and means the same; "different" says why; the rest is
not there yet.`;

/** The page `docs/cosign.md`. */
export function likenessPage({ version, commands: all }: Cosign, { commands, flags }: Comparison): string {
  const absent = commands.filter(
    ({ command, standing }) => standing === 'not yet' || !flags.some((flag) => mentions(flag, command.name)),
  );
  return `# cosign and sigstead

Every command and flag of cosign ${version}, hidden and deprecated ones among them.
${INTRODUCTION}

## Variables

\`COSIGN_REPOSITORY\`, \`COSIGN_PASSWORD\` and \`SIGSTORE_ID_TOKEN\` mean the same; services know nothing of the first, so that \`--signer\` and
\`--verifier\` refuse it. \`COSIGN_EXPERIMENTAL\`, \`COSIGN_DOCKER_MEDIA_TYPES\`, \`COSIGN_MAX_ATTACHMENT_SIZE\`, \`COSIGN_PKCS11_*\`, the other \`SIGSTORE_*\`
and \`TUF_*\` are not looked at. A token service on another host than its registry, to which cosign gives the registry's credentials
unasked, has to be named: \`SIGSTEAD_REGISTRY_TOKEN_HOSTS=registry.example=auth.example\`.

## Commands

${table(['cosign', 'here', 'why'], commands.filter(({ command }) => command.name !== '').map(commandRow))}

## Flags of the commands that are here

${table(['flag', 'supported', 'different', 'not yet'], flags.map(flagRow))}

## Flags of the other commands

${absent
  .filter(({ command }) => command.flags.length > 0)
  .map(({ command }) => `- ${nameOf(command)}: ${listed(command)}`)
  .join('\n')}

${all.length} commands and groups, ${count(all)} flags in all.
`;
}

function mentions({ supported, different, missing }: ComparedFlag, command: string): boolean {
  return [...supported, ...different.map((one) => one.command), ...missing].includes(command);
}

function commandRow({ command, standing, why }: ComparedCommand): string[] {
  return [nameOf(command), standing, why ?? ''];
}

function flagRow({ name, supported, different, missing }: ComparedFlag): string[] {
  const reasons = new Map<string, string[]>();
  for (const { command, why } of different) reasons.set(why, [...(reasons.get(why) ?? []), command]);
  const told = [...reasons].map(([why, commands]) => `${codes(commands)}: ${why}`);
  return [`\`--${name}\``, codes(supported), told.join('; '), codes(missing)];
}

function nameOf({ name, deprecated, hidden }: CosignCommand): string {
  const mark = deprecated === true ? ' (deprecated)' : hidden === true ? ' (hidden)' : '';
  return `${codes([name])}${mark}`;
}

function listed({ flags }: CosignCommand): string {
  return flags
    .map(({ name, deprecated }) => `\`--${name}\`${deprecated === true ? ' (deprecated)' : ''}`)
    .join(', ');
}

function codes(names: readonly string[]): string {
  return names.map((name) => (name === '' ? 'every command' : `\`${name}\``)).join(', ');
}

function count(commands: readonly CosignCommand[]): number {
  return commands.reduce((sum, { flags }) => sum + flags.length, 0);
}

/** Cells as wide as the widest, as prettier leaves them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(all[0] as readonly string[]), rule, ...all.slice(1).map(line)].join('\n');
}
