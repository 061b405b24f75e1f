import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { OciError, type CredentialSource, type Credentials } from '@sigstead/oci';
import { askCredentialHelper } from './credential-helper.ts';
import {
  helperFor,
  MAX_CONFIG_BYTES,
  parseDockerConfig,
  storedCredentials,
  type DockerConfig,
} from './docker-config.ts';

export interface CredentialPlaces {
  /** Variables of the process: they say where configurations lie, and helpers are given them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory?: string;
  /** The one configuration to be used, instead of those of docker and podman. */
  readonly configFile?: string;
  /** What a helper may take, milliseconds; 30,000 unless told. */
  readonly helperTimeoutMs?: number;
}

const HELPER_TIMEOUT_MS = 30_000;

/**
 * Credentials as docker and podman keep them: in `DOCKER_AUTH_CONFIG`, docker's `config.json`, podman's `auth.json`, and the
 * helpers these name. The first that knows the registry is used. Files are read anew each time, so a login counts at once.
 *
 * @throws OciError from the source: MALFORMED for a file that cannot be read, UNAUTHORIZED for a helper that fails
 */
export function registryCredentials(places: CredentialPlaces): CredentialSource {
  const helper = {
    environment: places.environment,
    timeoutMs: places.helperTimeoutMs ?? HELPER_TIMEOUT_MS,
  };
  return async (registry, repository) => {
    for await (const config of configurations(places)) {
      const found = await credentialsIn(config, registry, repository, helper);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

async function credentialsIn(
  config: DockerConfig,
  registry: string,
  repository: string,
  helper: Parameters<typeof askCredentialHelper>[2],
): Promise<Credentials | undefined> {
  const name = helperFor(config, registry, repository);
  const kept = name === undefined ? undefined : await askCredentialHelper(name, registry, helper);
  return kept ?? storedCredentials(config, registry, repository);
}

async function* configurations(places: CredentialPlaces): AsyncGenerator<DockerConfig> {
  const { configFile, environment } = places;
  if (configFile !== undefined) {
    const config = await readConfig(configFile);
    if (config === undefined)
      throw new OciError('MALFORMED', `there is no registry configuration ${configFile}`);
    return yield config;
  }
  const inline = environment['DOCKER_AUTH_CONFIG'];
  if (inline !== undefined && inline !== '') {
    // No more than credentials: docker takes nothing else from there.
    const { auths, origin } = parseDockerConfig(inline, 'DOCKER_AUTH_CONFIG');
    yield { auths, origin, credHelpers: {}, credsStore: undefined };
  }
  for (const path of defaultFiles(places)) {
    const config = await readConfig(path);
    if (config !== undefined) yield config;
  }
}

/** Where docker keeps its configuration, then where podman and its kin keep theirs (containers-auth.json(5)). */
function defaultFiles({ environment, homeDirectory }: CredentialPlaces): string[] {
  const variable = (name: string): string | undefined => environment[name] || undefined;
  const inHome = (...parts: string[]): string | undefined =>
    homeDirectory === undefined ? undefined : join(homeDirectory, ...parts);
  const inFolder = (folder: string | undefined, ...parts: string[]): string | undefined =>
    folder === undefined ? undefined : join(folder, ...parts);
  return [
    inFolder(variable('DOCKER_CONFIG') ?? inHome('.docker'), 'config.json'),
    variable('REGISTRY_AUTH_FILE'),
    inFolder(variable('XDG_RUNTIME_DIR'), 'containers', 'auth.json'),
    inFolder(variable('XDG_CONFIG_HOME') ?? inHome('.config'), 'containers', 'auth.json'),
  ].filter((path) => path !== undefined);
}

/** @returns undefined when there is no such file */
async function readConfig(path: string): Promise<DockerConfig | undefined> {
  const bytes = await readBounded(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new OciError('MALFORMED', `${path} cannot be read: ${error.code ?? error.message}`);
  });
  return bytes === undefined ? undefined : parseDockerConfig(bytes, path);
}

/** One byte more than is taken tells what is too large. */
async function readBounded(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('it is no file');
    const buffer = new Uint8Array(Math.min(stat.size, MAX_CONFIG_BYTES + 1));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
