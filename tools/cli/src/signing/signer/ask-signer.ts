import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { readBaseUrl } from '../../base-url.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { findIdentityToken } from '../../identity/identity-token.ts';
import { processSurroundings } from '../../identity/surroundings.ts';
import { printable } from '../../printable.ts';
import { callService, reasonIn, type Answer } from '../../service-call.ts';
import type { CommandSurroundings, SigningOptions } from '../options.ts';
import { Report, type Outcome } from '../run/report.ts';

/** What a signer service is asked for. */
export interface SignerOrder {
  readonly route: 'sign' | 'attest';
  /** As the caller named them, and as the service knows them. */
  readonly artifacts: readonly { readonly name: string; readonly body: JsonObject }[];
  /** What goes for all of them. */
  readonly common: JsonObject;
  /** Writes what is to be written of an answer. */
  readonly keep: (at: number, answer: JsonObject) => Promise<JsonObject>;
}

/** What only this program could do. */
const LOCAL_OPTIONS: Readonly<Record<string, string>> = {
  key: '--key',
  trustedRoot: '--trusted-root',
  replace: '--replace',
  outputSignature: '--output-signature',
  outputCertificate: '--output-certificate',
  outputAttestation: '--output-attestation',
  rfc3161Timestamp: '--rfc3161-timestamp',
  rfc3161TimestampBundle: '--rfc3161-timestamp-bundle',
  allowHttpRegistry: '--allow-http-registry',
  allowInsecureRegistry: '--allow-insecure-registry',
  registryCacert: '--registry-cacert',
  registryClientCert: '--registry-client-cert',
  registryServerName: '--registry-server-name',
  fulcioUrl: '--fulcio-url',
  rekorUrl: '--rekor-url',
  timestampServerUrl: '--timestamp-server-url',
  signingConfig: '--signing-config',
};

/** Has a signer service sign, and tells what came of it. @throws CliError when not all of it is signed */
export async function askSigner(
  order: SignerOrder,
  options: SigningOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  assertNothingLocal(options);
  const { artifacts, common, route } = order;
  const service = readBaseUrl(options.signer ?? surroundings.url);
  const token = await findIdentityToken(options, service, processSurroundings());
  const [only] = artifacts;
  const answer = await callService(`${service}/api/v1/${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: {
      ...common,
      ...(options.rekorVersion !== undefined && { rekorVersion: Number(options.rekorVersion) }),
      ...(artifacts.length === 1 ? only?.body : { artifacts: artifacts.map(({ body }) => body) }),
    },
  });
  const names = artifacts.map(({ name }) => name);
  const report = new Report({ output: options.output, names });
  for (const [at, outcome] of outcomesIn(answer, names).entries())
    report.add(at, 'answer' in outcome ? { answer: await order.keep(at, outcome.answer) } : outcome);
  report.end();
}

/** @throws CliError when the service refuses the request as a whole */
function outcomesIn(answer: Answer, names: readonly string[]): Outcome[] {
  const { status, json } = answer;
  if (names.length === 1)
    return [status === 200 && json !== undefined ? { answer: json } : { failure: failureIn(answer) }];
  const outcomes = json?.['outcomes'];
  if ((status !== 200 && status !== 207) || !Array.isArray(outcomes))
    throw new CliError(`signing ${names.length} artifacts: ${printable(reasonIn(answer))}`);
  return names.map((_, at) => {
    const own = outcomes.find((one): one is JsonObject => isJsonObject(one) && one['artifact'] === at);
    if (own === undefined) return { failure: { message: 'the signer does not say what became of it' } };
    const { artifact: _artifact, signed, problem, ...rest } = own;
    return signed === true ? { answer: rest } : { failure: problemIn(problem) };
  });
}

function failureIn(answer: Answer): { step?: string; message: string } {
  return { ...stepIn(answer.json), message: printable(reasonIn(answer)) };
}

function problemIn(problem: JsonValue | undefined): { step?: string; message: string } {
  const json = problem !== undefined && isJsonObject(problem) ? problem : {};
  return { ...stepIn(json), message: printable(reasonIn({ status: 0, text: '', json })) };
}

function stepIn(json: JsonObject | undefined): { step?: string } {
  const step = json?.['step'];
  return typeof step === 'string' ? { step: printable(step) } : {};
}

function assertNothingLocal(options: SigningOptions): void {
  const given = options as unknown as Readonly<Record<string, unknown>>;
  const local = Object.keys(LOCAL_OPTIONS).find((name) => given[name] !== undefined && given[name] !== false);
  if (local !== undefined) throw needsConfig(LOCAL_OPTIONS[local] ?? local, options);
}

/** @throws CliError for what a signer service does not do */
export function needsConfig(flag: string, { signer }: SigningOptions): CliError {
  return new CliError(
    signer === undefined
      ? `${flag} is for signing here, and there is no signing configuration: see --signing-config`
      : `${flag} is for signing here, --signer has a service sign`,
    exitCodes.usage,
  );
}
