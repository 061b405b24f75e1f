import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { CliError, exitCodes } from '../cli-error.ts';
import { callService, reasonIn } from '../service-call.ts';

export interface VerifyOptions {
  readonly certificateIdentity?: string;
  readonly certificateIdentityRegexp?: string;
  readonly certificateOidcIssuer?: string;
  readonly certificateOidcIssuerRegexp?: string;
  readonly output: string;
}

/** Has the stack verify an image, and prints its verdict. */
export async function verifyImage(image: string, options: VerifyOptions, url: string): Promise<void> {
  if (options.output !== 'text' && options.output !== 'json') {
    throw new CliError('--output is text or json', exitCodes.usage);
  }
  const answer = await callService(`${url}/api/v1/verify`, {
    method: 'POST',
    body: { image, policy: policyOf(options) },
  });
  if (answer.status === 404 && answer.json?.['type'] === 'urn:sigstead:problem:unknown-image') {
    throw new CliError(`verifying ${image}: ${reasonIn(answer)}`, exitCodes.noSuchImage);
  }
  if (answer.status !== 200 || answer.json === undefined) {
    const code = answer.status === 400 ? exitCodes.usage : exitCodes.failed;
    throw new CliError(`verifying ${image}: ${reasonIn(answer)}`, code);
  }
  report(image, answer.json, options.output);
}

function policyOf(options: VerifyOptions): JsonObject {
  const identity = required(options.certificateIdentity, options.certificateIdentityRegexp, 'identity');
  const issuer = required(options.certificateOidcIssuer, options.certificateOidcIssuerRegexp, 'oidc-issuer');
  return {
    [identity.exact ? 'identity' : 'identityRegexp']: identity.value,
    [issuer.exact ? 'issuer' : 'issuerRegexp']: issuer.value,
  };
}

function required(
  exact: string | undefined,
  pattern: string | undefined,
  name: string,
): { exact: boolean; value: string } {
  const value = exact ?? pattern;
  if (value === undefined || (exact !== undefined && pattern !== undefined)) {
    throw new CliError(`want one of --certificate-${name} and --certificate-${name}-regexp`, exitCodes.usage);
  }
  return { exact: exact !== undefined, value };
}

function report(image: string, verdict: JsonObject, output: string): void {
  process.stdout.write(
    output === 'json' ? `${JSON.stringify(verdict)}\n` : `${String(verdict['text']).trimEnd()}\n`,
  );
  if (verdict['verified'] === true) return;
  const signatures = verdict['signatures'];
  const none = Array.isArray(signatures) && signatures.length === 0;
  throw new CliError(
    `${image}: ${failure(verdict['steps']) ?? 'no signature passes'}`,
    none ? exitCodes.imageWithoutSignature : exitCodes.noMatchingSignature,
  );
}

/** Reason of the first step that failed. */
function failure(steps: JsonValue | undefined): string | undefined {
  const failed = Array.isArray(steps)
    ? steps.find((step) => isJsonObject(step) && step['outcome'] === 'failed')
    : undefined;
  return isJsonObject(failed) && typeof failed['reason'] === 'string' ? failed['reason'] : undefined;
}
