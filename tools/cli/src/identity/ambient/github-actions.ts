import { CliError, exitCodes } from '../../cli-error.ts';
import { callService, reasonIn, type Answer } from '../../service-call.ts';
import type { Surroundings } from '../surroundings.ts';
import { assertToken } from '../token-text.ts';
import { AUDIENCE, type AmbientProvider } from './ambient-provider.ts';

const ATTEMPTS = 3;
const PAUSE_SECONDS = 1;

/** A job's own token: the runner names an address and a bearer token for it when the job has `id-token: write`. */
export const githubActions: AmbientProvider = {
  name: 'github-actions',
  isPresent: ({ environment }) =>
    Boolean(environment['ACTIONS_ID_TOKEN_REQUEST_URL'] && environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN']),
  requestToken: requestJobToken,
};

async function requestJobToken(surroundings: Surroundings): Promise<string> {
  const { environment } = surroundings;
  const requestUrl = environment['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '';
  const bearer = environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ?? '';
  if (!URL.canParse(requestUrl))
    throw new CliError('ACTIONS_ID_TOKEN_REQUEST_URL is no URL', exitCodes.usage);
  const url = new URL(requestUrl);
  url.searchParams.set('audience', AUDIENCE);
  const authorization = `Bearer ${assertToken(bearer, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN')}`;
  const answer = await askPatiently(url.href, authorization, surroundings);
  const token = answer.json?.['value'];
  if (answer.status !== 200 || typeof token !== 'string') {
    throw new CliError(
      `GitHub Actions gives no identity token: ${reasonIn(answer)}; the job needs "id-token: write"`,
    );
  }
  return assertToken(token, 'the answer of GitHub Actions');
}

/** The endpoint fails now and then; a build need not. */
async function askPatiently(
  url: string,
  authorization: string,
  { note, pause }: Surroundings,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === ATTEMPTS;
    const answer = await callService(url, {
      headers: { authorization },
      hint: 'it was named by GitHub Actions',
    }).catch((error: unknown) => {
      if (isLast) throw error;
      return undefined;
    });
    if (answer !== undefined && (answer.status < 500 || isLast)) return answer;
    note('GitHub Actions gives no identity token yet: asking again');
    await pause(PAUSE_SECONDS);
  }
}
