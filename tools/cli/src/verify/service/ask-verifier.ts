import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import type { PolicyInput } from '@sigstead/verification';
import { readBaseUrl } from '../../base-url.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { printable } from '../../printable.ts';
import { callService, reasonIn } from '../../service-call.ts';
import { fullName, readImageReference } from '../../registry/image-reference.ts';
import { tell } from '../judging.ts';
import type { ImageVerifyOptions, Surroundings } from '../options.ts';
import { isCosign, outputFormat } from '../report/output-format.ts';
import { verificationHeader } from '../report/verification-header.ts';
import { resultsOfVerdict } from './verdict-results.ts';

/** What a service is not told, and would not do. */
const LOCAL_OPTIONS = {
  trustedRoot: '--trusted-root',
  trustConfig: '--trust-config',
  trustRoot: '--trust-root',
  trustRoots: '--trust-roots',
  offline: '--offline',
  revocations: '--revocations',
  requireInclusionProof: '--require-inclusion-proof',
  useSignedTimestamps: '--use-signed-timestamps',
  insecureIgnoreTlog: '--insecure-ignore-tlog',
  insecureIgnoreSct: '--insecure-ignore-sct',
  allowHttpRegistry: '--allow-http-registry',
  allowInsecureRegistry: '--allow-insecure-registry',
  rekorUrl: '--rekor-url',
} as const satisfies Partial<Record<keyof ImageVerifyOptions, string>>;

/**
 * Has a verifier service judge, by its own trusted root, and prints its verdict.
 *
 * @throws CliError as when it is judged here
 */
export async function askVerifier(
  images: readonly string[],
  policy: PolicyInput,
  options: ImageVerifyOptions,
  { url, program }: Surroundings,
): Promise<void> {
  assertNothingLocal(options);
  const format = outputFormat(options.output, program);
  const service = readBaseUrl(options.verifier ?? url);
  const why = options.verifier === undefined ? ', as there is no trusted root here' : '';
  tell(`Judged by the verifier at ${service}, by its own trusted root${why}.`);
  for (const image of images) {
    const verdict = await judge(image, policy, service);
    const reason = refusalOf(verdict);
    if (format === 'text') process.stdout.write(printableLines(verdict['text']));
    else if (!isCosign(program)) process.stdout.write(`${JSON.stringify(verdict)}\n`);
    if (reason !== undefined) throw new CliError(`${image}: ${reason.text}`, reason.code);
    if (format === 'json' && isCosign(program)) {
      const name = fullName(readImageReference(image));
      process.stderr.write(verificationHeader(name, checksOf(policy)));
      process.stdout.write(`\n${JSON.stringify(resultsOfVerdict(verdict, name))}\n`);
    }
  }
}

function assertNothingLocal(options: ImageVerifyOptions): void {
  for (const [name, flag] of Object.entries(LOCAL_OPTIONS)) {
    if (options[name as keyof typeof LOCAL_OPTIONS] === undefined) continue;
    throw new CliError(
      `${flag} is for judging here, which takes a trusted root and no --verifier`,
      exitCodes.usage,
    );
  }
}

async function judge(image: string, policy: PolicyInput, service: string): Promise<JsonObject> {
  const answer = await callService(`${service}/api/v1/verify`, {
    method: 'POST',
    body: { image, policy: policy as JsonObject },
  });
  if (answer.status === 404 && answer.json?.['type'] === 'urn:sigstead:problem:unknown-image') {
    throw new CliError(`verifying ${image}: ${printable(reasonIn(answer))}`, exitCodes.noSuchImage);
  }
  if (answer.status !== 200 || answer.json === undefined) {
    const code = answer.status === 400 ? exitCodes.usage : exitCodes.failed;
    throw new CliError(`verifying ${image}: ${printable(reasonIn(answer))}`, code);
  }
  return answer.json;
}

function refusalOf(verdict: JsonObject): { text: string; code: number } | undefined {
  if (verdict['verified'] === true) return undefined;
  const { signatures, steps } = verdict;
  const none = Array.isArray(signatures) && signatures.length === 0;
  const failed = firstFailure(steps);
  const code = failed?.['code'] === 'KEY_MISSING' ? exitCodes.noCertificate : exitCodes.noMatchingSignature;
  const reason = failed?.['reason'];
  return {
    text: typeof reason === 'string' ? printable(reason) : 'no signature passes',
    code: none ? exitCodes.imageWithoutSignature : code,
  };
}

function firstFailure(steps: JsonValue | undefined): JsonObject | undefined {
  const failed = Array.isArray(steps)
    ? steps.find((step) => isJsonObject(step) && step['outcome'] === 'failed')
    : undefined;
  return isJsonObject(failed) ? failed : undefined;
}

function printableLines(text: JsonValue | undefined): string {
  const lines = String(text).trimEnd().split('\n');
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function checksOf(policy: PolicyInput) {
  return {
    annotations: policy.annotations !== undefined,
    logEntry: true,
    proofFetched: false,
    promiseOnly: undefined,
    signer: policy.key === undefined ? 'certificate' : 'key',
  } as const;
}
