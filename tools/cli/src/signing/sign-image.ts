import { writeFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { CliError, exitCodes } from '../cli-error.ts';
import { findIdentityToken, type IdentityOptions } from '../identity/identity-token.ts';
import { processSurroundings } from '../identity/surroundings.ts';
import { callService, reasonIn } from '../service-call.ts';

export interface SignOptions extends IdentityOptions {
  readonly annotations?: Record<string, string>;
  readonly bundle?: string;
  readonly output: string;
}

/** Has the stack sign an image, and tells what came of it. */
export async function signImage(image: string, options: SignOptions, url: string): Promise<void> {
  if (options.output !== 'text' && options.output !== 'json') {
    throw new CliError('--output is text or json', exitCodes.usage);
  }
  const token = await findIdentityToken(options, url, processSurroundings());
  const answer = await callService(`${url}/api/v1/sign`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: {
      image,
      ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
    },
  });
  if (answer.status !== 200 || answer.json === undefined)
    throw new CliError(`signing ${image}: ${reasonIn(answer)}`);
  if (options.bundle !== undefined) await writeBundle(options.bundle, answer.json['bundle']);
  process.stdout.write(
    options.output === 'json' ? `${JSON.stringify(answer.json)}\n` : describe(answer.json),
  );
}

function describe(result: JsonObject): string {
  const signature = isJsonObject(result['signatureManifest']) ? result['signatureManifest'] : {};
  const certificate = isJsonObject(result['certificate']) ? result['certificate'] : {};
  const lines: [string, JsonValue | undefined][] = [
    ['signed', `${String(result['image'])}`],
    ['digest', result['digest']],
    ['signer', certificate['identity']],
    ['issuer', certificate['issuer']],
    ['log index', result['logIndex']],
    ['signature', signature['tag']],
  ];
  return lines
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name.padEnd(10)} ${String(value)}\n`)
    .join('');
}

async function writeBundle(path: string, bundle: JsonValue | undefined): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(bundle)}\n`);
  } catch (cause) {
    throw new CliError(`the image is signed, but the bundle cannot be written to ${path}`, exitCodes.failed, {
      cause,
    });
  }
}
