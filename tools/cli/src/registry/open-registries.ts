import { joinSignals } from '@sigstead/http';
import { isLoopbackHost, OciError, RegistryClient, type Fetch, type ImageReference } from '@sigstead/oci';
import { openConnections } from './connections.ts';
import { credentialSource, knownTokenHosts } from './credentials.ts';
import type { RegistryOptions } from './options.ts';

/** The registries of a command's images. */
export interface Registries {
  readonly client: RegistryClient;
  /** Ends everything that is asked of them, where there is a limit to all of it. */
  readonly signal: AbortSignal | undefined;
  close(): void;
}

/** For each request with its whole answer; of what is streamed, each chunk has that time. */
const REQUEST_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Without TLS only on this machine, or where options allow it and there is none.
 *
 * @param totalTimeoutMs for all there is to ask of them; without it only each request has its time
 * @throws CliError for options that contradict each other, or files that cannot be read
 */
export async function openRegistries(
  images: readonly ImageReference[],
  options: RegistryOptions,
  environment: Readonly<Record<string, string | undefined>>,
  totalTimeoutMs?: number,
): Promise<Registries> {
  const registries = new Set(images.map(({ registry }) => registry));
  const credentials = await credentialSource(options, registries, environment);
  const tokenHosts = await knownTokenHosts(environment);
  const { fetch, close } = await openConnections(options);
  const isInsecure = options.allowHttpRegistry === true || options.allowInsecureRegistry === true;
  const plain = isInsecure ? await withoutTls(registries, fetch) : new Set<string>();
  const signal = totalTimeoutMs === undefined ? undefined : AbortSignal.timeout(totalTimeoutMs);
  const client = new RegistryClient({
    fetch:
      signal === undefined
        ? fetch
        : within(signal, `registries did not deliver within ${totalTimeoutMs} ms`, fetch),
    timeoutMs: REQUEST_TIMEOUT_MS,
    credentials,
    tokenHosts,
    allowHttp: (host) => isLoopbackHost(host) || plain.has(host),
  });
  return { client, signal, close };
}

function within(limit: AbortSignal, reason: string, fetch: Fetch): Fetch {
  return async (url, init) => {
    const signal = init.signal ? joinSignals(init.signal, limit) : limit;
    try {
      return await fetch(url, { ...init, signal });
    } catch (error) {
      if (!limit.aborted) throw error;
      throw new OciError('TIMEOUT', reason, { cause: error });
    }
  };
}

async function withoutTls(registries: ReadonlySet<string>, fetch: Fetch): Promise<Set<string>> {
  const hosts = [...registries].filter((host) => !isLoopbackHost(host));
  const speaking = await Promise.all(hosts.map((host) => speaksTls(host, fetch)));
  return new Set(hosts.filter((_, at) => speaking[at] === false));
}

/** Carries nothing but the question. */
async function speaksTls(host: string, fetch: Fetch): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const answer = await fetch(`https://${host}/v2/`, {
      method: 'GET',
      headers: {},
      redirect: 'manual',
      signal,
    });
    await answer.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
