import { readFile } from 'node:fs/promises';
import { parseSigningConfig, selectServices, TrustError } from '@sigstead/trust';
import { CliError, exitCodes } from '../../cli-error.ts';
import { callService } from '../../service-call.ts';

export interface IssuerOptions {
  readonly oidcIssuer?: string;
  /** File with the signing configuration. */
  readonly signingConfig?: string;
}

const API_VERSIONS = [1];

/**
 * Where people log in: `--oidc-issuer`, else the issuer that the signing configuration names: `--signing-config`,
 * SIGSTEAD_SIGNING_CONFIG, or the one the stack serves.
 *
 * @returns nothing when neither says
 * @throws CliError for a signing configuration that cannot be used
 */
export async function loginIssuer(
  { oidcIssuer, signingConfig }: IssuerOptions,
  baseUrl: string,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (oidcIssuer !== undefined) return oidcIssuer;
  const file = signingConfig ?? (environment['SIGSTEAD_SIGNING_CONFIG'] || undefined);
  const text = file === undefined ? await servedConfiguration(baseUrl) : await readConfiguration(file);
  if (text === undefined) return undefined;
  try {
    const { oidcUrls } = parseSigningConfig(text);
    if (oidcUrls.length === 0) return undefined;
    return selectServices(oidcUrls, { selector: 'ANY' }, API_VERSIONS, new Date())[0]?.url;
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new CliError(`the signing configuration names no issuer: ${cause.message}`, exitCodes.failed, {
      cause,
    });
  }
}

async function readConfiguration(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError(`the signing configuration ${path} cannot be read`, exitCodes.usage, { cause });
  }
}

async function servedConfiguration(baseUrl: string): Promise<string | undefined> {
  const answer = await callService(`${baseUrl}/trust/signing_config.v0.2.json`).catch(() => undefined);
  return answer?.status === 200 ? answer.text : undefined;
}
