import { CliError, exitCodes } from '../../cli-error.ts';
import type { Surroundings } from '../surroundings.ts';
import { assertToken } from '../token-text.ts';
import type { AmbientProvider } from './ambient-provider.ts';
import { buildkiteAgent } from './buildkite-agent.ts';
import { githubActions } from './github-actions.ts';
import { spiffe } from './spiffe.ts';
import { tokenFile } from './token-file.ts';

const environmentVariable: AmbientProvider = {
  name: 'envvar',
  isPresent: ({ environment }) => Boolean(environment['SIGSTORE_ID_TOKEN']),
  requestToken: async ({ environment }) =>
    assertToken((environment['SIGSTORE_ID_TOKEN'] ?? '').trim(), 'SIGSTORE_ID_TOKEN'),
};

/** In the order they are looked for: what somebody set on purpose stands before what happens to be there. */
const PROVIDERS: readonly AmbientProvider[] = [
  environmentVariable,
  githubActions,
  buildkiteAgent,
  tokenFile,
  spiffe,
];

/**
 * A token of the first provider that is present. One that is present and fails ends the search: another would sign under another
 * name without a word.
 *
 * @param wanted only this one
 * @throws CliError
 */
export async function findAmbientToken(
  surroundings: Surroundings,
  wanted: string | undefined,
): Promise<string | undefined> {
  if (wanted !== undefined) return providerNamed(wanted).requestToken(surroundings);
  for (const provider of PROVIDERS) {
    if (await provider.isPresent(surroundings)) return provider.requestToken(surroundings);
  }
  return undefined;
}

function providerNamed(name: string): AmbientProvider {
  const provider = PROVIDERS.find((known) => known.name === name);
  if (provider !== undefined) return provider;
  const known = PROVIDERS.map((provider) => provider.name).join(', ');
  throw new CliError(`--oidc-provider ${JSON.stringify(name)}, want one of ${known}`, exitCodes.usage);
}
