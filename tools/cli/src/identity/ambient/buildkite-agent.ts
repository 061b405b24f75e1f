import { CliError, exitCodes } from '../../cli-error.ts';
import { callService, reasonIn } from '../../service-call.ts';
import { assertToken } from '../token-text.ts';
import { AUDIENCE, type AmbientProvider } from './ambient-provider.ts';

const ENDPOINT = 'https://agent.buildkite.com/v3';

/** What `buildkite-agent oidc request-token` does: one request of the agent's API, with the job's access token. */
export const buildkiteAgent: AmbientProvider = {
  name: 'buildkite-agent',
  isPresent: ({ environment }) => Boolean(environment['BUILDKITE_AGENT_ACCESS_TOKEN']),
  requestToken: async ({ environment }) => {
    const access = assertToken(
      environment['BUILDKITE_AGENT_ACCESS_TOKEN'] ?? '',
      'BUILDKITE_AGENT_ACCESS_TOKEN',
    );
    const job = environment['BUILDKITE_JOB_ID'] ?? '';
    if (!/^[\w-]+$/.test(job)) throw new CliError('BUILDKITE_JOB_ID names no job', exitCodes.usage);
    const endpoint = environment['BUILDKITE_AGENT_ENDPOINT'] || ENDPOINT;
    if (!URL.canParse(endpoint)) throw new CliError('BUILDKITE_AGENT_ENDPOINT is no URL', exitCodes.usage);
    const answer = await callService(`${endpoint.replace(/\/+$/, '')}/jobs/${job}/oidc/tokens`, {
      method: 'POST',
      headers: { authorization: `Token ${access}` },
      body: { audience: AUDIENCE },
      hint: 'is it the API of the Buildkite agent?',
    });
    const token = answer.json?.['token'];
    if (answer.status < 200 || answer.status > 201 || typeof token !== 'string') {
      throw new CliError(`Buildkite gives no identity token: ${reasonIn(answer)}`);
    }
    return assertToken(token, 'the answer of Buildkite');
  },
};
