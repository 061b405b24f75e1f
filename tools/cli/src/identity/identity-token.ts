import { open } from 'node:fs/promises';
import { CliError, exitCodes } from '../cli-error.ts';
import { callService, reasonIn } from '../service-call.ts';

export const AUDIENCE = 'sigstore';

/**
 * The token to sign with, from the first of: `--identity-token` (a token or a file that holds one),
 * `SIGSTORE_ID_TOKEN`, GitHub Actions' request URL, the development issuer of a stack on this machine.
 *
 * @throws CliError when there is none
 */
export async function findIdentityToken(
  given: string | undefined,
  baseUrl: string,
  environment: NodeJS.ProcessEnv,
  note: (text: string) => void,
): Promise<string> {
  if (given !== undefined) {
    const isToken = given.includes('.') && given.startsWith('eyJ');
    return assertToken(isToken ? given : await readTokenFile(given), '--identity-token');
  }
  const kept = environment['SIGSTORE_ID_TOKEN'];
  if (kept) return assertToken(kept.trim(), 'SIGSTORE_ID_TOKEN');
  const ambient = environment['ACTIONS_ID_TOKEN_REQUEST_URL'];
  const bearer = environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'];
  if (ambient && bearer) return requestGithubToken(ambient, bearer);
  if (isLoopback(baseUrl)) {
    const token = await requestDevelopmentToken(baseUrl, 'github', {}).catch(() => undefined);
    if (token !== undefined) {
      note('no identity token given: using one of the development issuer');
      return token;
    }
  }
  throw new CliError('no identity token: pass --identity-token or set SIGSTORE_ID_TOKEN', exitCodes.usage);
}

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

async function requestGithubToken(requestUrl: string, bearer: string): Promise<string> {
  if (!URL.canParse(requestUrl))
    throw new CliError('ACTIONS_ID_TOKEN_REQUEST_URL is no URL', exitCodes.usage);
  const url = new URL(requestUrl);
  url.searchParams.set('audience', AUDIENCE);
  const answer = await callService(url.href, {
    headers: { authorization: `Bearer ${assertToken(bearer, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN')}` },
  });
  const token = answer.json?.['value'];
  if (answer.status !== 200 || typeof token !== 'string') {
    throw new CliError(
      `GitHub Actions gives no identity token: ${reasonIn(answer)}; the job needs "id-token: write"`,
    );
  }
  return token;
}

const MAX_TOKEN_LENGTH = 16 * 1024;

/** What may stand in a header. Anything else would be told, content and all, by whoever makes the header. */
function assertToken(text: string, source: string): string {
  if (text.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(text)) return text;
  throw new CliError(`${source} holds no token`, exitCodes.usage);
}

/** At most what a token can have: the path may be a slip, and name a disk image. */
async function readTokenFile(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_TOKEN_LENGTH + 16));
      return buffer.toString('utf8', 0, bytesRead).trim();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CliError('--identity-token is neither a token nor a readable file', exitCodes.usage, { cause });
  }
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname.startsWith('127.') || hostname === '[::1]';
}
