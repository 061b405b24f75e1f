import { spawn } from 'node:child_process';
import { EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { OciError, type Credentials } from '@sigstead/oci';
import { credentialsFor } from './docker-config.ts';

export interface HelperEnvironment {
  /** Variables of the process, for the search path among others. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a helper may take, milliseconds. */
  readonly timeoutMs: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_ANSWER_BYTES = 64 * 1024;
/** What every helper of docker's says where it has nothing. */
const NOTHING = 'credentials not found in native keychain';

/**
 * Asks `docker-credential-<name> get` for the credentials of a registry. What it says is never repeated: it could hold the secret.
 *
 * @returns undefined when it has none for this registry
 * @throws OciError REFUSED for a name that could be another program's, UNAUTHORIZED when the helper fails, is missing or late
 */
export async function askCredentialHelper(
  name: string,
  registry: string,
  helper: HelperEnvironment,
): Promise<Credentials | undefined> {
  if (!NAME.test(name))
    throw new OciError('REFUSED', `the name of a credential helper for ${registry} is not one`);
  const program = `docker-credential-${name}`;
  const { output, exitCode } = await run(program, serverAddress(registry), helper);
  if (exitCode !== 0 && output.trim() === NOTHING) return undefined;
  const failed = (reason: string) =>
    new OciError('UNAUTHORIZED', `${program} gives no credentials for ${registry}: ${reason}`);
  if (exitCode !== 0) throw failed(`it ended with ${exitCode ?? 'a signal'}`);
  const answer = parseAnswer(output);
  const { Username: username, Secret: secret } = answer ?? {};
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed('its answer cannot be read');
  return username === '' || secret === '' ? undefined : credentialsFor(username, secret);
}

function serverAddress(registry: string): string {
  return registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
}

/** Without a shell; the address goes to its standard input, so that no list of processes shows it. */
function run(
  program: string,
  input: string,
  { environment, timeoutMs }: HelperEnvironment,
): Promise<{ output: string; exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Uint8Array[] = [];
    let size = 0;
    const giveUp = (reason: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      // A child of its own may keep these open.
      child.stdout.destroy();
      reject(new OciError('UNAUTHORIZED', `${program} gives no credentials for ${input}: ${reason}`));
    };
    const timer = setTimeout(() => giveUp(`no answer within ${timeoutMs} ms`), timeoutMs);
    child.stdout.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) giveUp(`more than ${MAX_ANSWER_BYTES} bytes`);
      else chunks.push(chunk);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      giveUp(
        error.code === 'ENOENT' ? 'it is not installed' : `it cannot be started (${error.code ?? 'unknown'})`,
      ),
    );
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ output: Buffer.concat(chunks).toString(), exitCode });
    });
    // A helper that does not listen may have ended already; its answer counts.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function parseAnswer(output: string): JsonObject | undefined {
  try {
    const json = parseJson(output, { maxBytes: MAX_ANSWER_BYTES });
    return isJsonObject(json) ? json : undefined;
  } catch (cause) {
    if (cause instanceof EncodingError) return undefined;
    throw cause;
  }
}
