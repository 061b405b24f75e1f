import { homedir } from 'node:os';
import {
  isLoopbackHost,
  OciError,
  RegistryClient,
  type CredentialSource,
  type Fetch,
  type ImageReference,
} from '@sigstead/oci';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { RegistryOptions, Surroundings } from '../options.ts';

export interface Registry {
  readonly client: RegistryClient;
  /** Ends everything that is asked of it. */
  readonly signal: AbortSignal;
  close(): void;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** For all there is to read of one image. */
const TOTAL_TIMEOUT_MS = 180_000;
const PROBE_TIMEOUT_MS = 5_000;

/** Runs work with the registry of an image, and tells its failures apart. @throws CliError */
export async function withRegistry<T>(
  image: ImageReference,
  options: RegistryOptions,
  environment: Surroundings['environment'],
  work: (registry: Registry) => Promise<T>,
): Promise<T> {
  const registry = await openRegistry(image, options, environment);
  try {
    return await work(registry);
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new CliError(`${image.toString()}: ${cause.message}`, exitCodes.failed, { cause });
  } finally {
    registry.close();
  }
}

/** The registry of an image. Without TLS only on this machine, or where the options allow it and there is none. */
async function openRegistry(
  { registry }: ImageReference,
  options: RegistryOptions,
  environment: Surroundings['environment'],
): Promise<Registry> {
  const deadline = AbortSignal.timeout(TOTAL_TIMEOUT_MS);
  const { fetch, close } = options.allowInsecureRegistry === true ? await uncheckedFetch() : plainFetch();
  const mayBeHttp = options.allowHttpRegistry === true || options.allowInsecureRegistry === true;
  const isHttp = isLoopbackHost(registry) || (mayBeHttp && !(await speaksHttps(registry, fetch)));
  const client = new RegistryClient({
    fetch: async (url, init) => {
      const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
      try {
        return await fetch(url, { ...init, signal });
      } catch (error) {
        if (!deadline.aborted) throw error;
        throw new OciError('TIMEOUT', `registry ${registry} did not deliver within ${TOTAL_TIMEOUT_MS} ms`);
      }
    },
    timeoutMs: REQUEST_TIMEOUT_MS,
    credentials: credentialsFor(registry, options, environment),
    allowHttp: (host) => (host === registry ? isHttp : isLoopbackHost(host)),
  });
  return { client, signal: deadline, close };
}

/** Those of the options, else those of docker and podman, which are read when a registry asks for some. */
function credentialsFor(
  host: string,
  { registryUsername, registryPassword, registryToken }: RegistryOptions,
  environment: Surroundings['environment'],
): CredentialSource {
  if ((registryUsername === undefined) !== (registryPassword === undefined))
    throw new CliError('--registry-username and --registry-password go together', exitCodes.usage);
  return async (registry, repository) => {
    if (registry === host && registryToken !== undefined) return { token: registryToken };
    if (registry === host && registryUsername !== undefined && registryPassword !== undefined)
      return { username: registryUsername, password: registryPassword };
    const { registryCredentials } = await import('@sigstead/registry-access');
    return registryCredentials({ environment, homeDirectory: homedir() })(registry, repository);
  };
}

interface Connections {
  readonly fetch: Fetch;
  close(): void;
}

function plainFetch(): Connections {
  return { fetch: (url, init) => fetch(url, init), close: () => undefined };
}

/** Believes any certificate. */
async function uncheckedFetch(): Promise<Connections> {
  const [{ dial }, http, https] = await Promise.all([
    import('@sigstead/dial'),
    import('node:http'),
    import('node:https'),
  ]);
  const agents = {
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true, rejectUnauthorized: false }),
  };
  return {
    fetch: (url, init) => dial(url, init, { agents }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

async function speaksHttps(host: string, fetch: Fetch): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const answer = await fetch(`https://${host}/v2/`, { redirect: 'manual', signal });
    await answer.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
