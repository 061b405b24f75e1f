import { CliError } from '../cli-error.ts';
import { callService, reasonIn } from '../service-call.ts';

/** A token of the stack's development issuer, with claims of the caller's choice. */
export async function requestDevelopmentToken(
  baseUrl: string,
  issuer: string,
  claims: Readonly<Record<string, string | number | boolean>>,
): Promise<string> {
  const answer = await callService(`${baseUrl}/issuers/${encodeURIComponent(issuer)}/token`, {
    method: 'POST',
    body: { ...claims },
  });
  const token = answer.json?.['value'];
  if (answer.status !== 200 || typeof token !== 'string') {
    throw new CliError(
      `the development issuer ${JSON.stringify(issuer)} gives no token: ${reasonIn(answer)}`,
    );
  }
  return token;
}
