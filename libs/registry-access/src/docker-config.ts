import {
  decodeBase64,
  decodeUtf8,
  EncodingError,
  isJsonObject,
  parseJson,
  type JsonObject,
} from '@sigstead/encoding';
import { OciError, type Credentials } from '@sigstead/oci';

/** What docker and podman write down at login, as far as it tells who to be where. */
export interface DockerConfig {
  /** Where it was read, for messages. */
  readonly origin: string;
  /** Credentials by key: a registry, in podman's form also with the beginning of a repository. */
  readonly auths: JsonObject;
  /** Names of helper programs, by the same keys. */
  readonly credHelpers: JsonObject;
  /** The helper for every other registry. */
  readonly credsStore: string | undefined;
}

export const MAX_CONFIG_BYTES = 1024 * 1024;

/** Docker Hub is written down under the address its login once had. */
const HUB_HOSTS: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
const HOST = /^(?:[a-z0-9._-]+|\[[a-f0-9:]+\])(?::[0-9]{1,5})?$/;
/** Paths of old API addresses, which say nothing of repositories. */
const API_PATHS: readonly string[] = ['', 'v1', 'v2'];

/**
 * Reads `config.json` of docker or `auth.json` of podman.
 *
 * @throws OciError MALFORMED when it is no JSON object; never with anything of its content
 */
export function parseDockerConfig(input: Uint8Array | string, origin: string): DockerConfig {
  const json = parse(input, origin);
  const section = (name: string) => (isJsonObject(json[name]) ? json[name] : {});
  const { credsStore } = json;
  return {
    origin,
    auths: section('auths'),
    credHelpers: section('credHelpers'),
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

/**
 * The credentials a configuration holds itself, without asking any helper.
 *
 * @throws OciError MALFORMED when what it holds for this registry cannot be read
 */
export function storedCredentials(
  { auths, origin }: DockerConfig,
  registry: string,
  repository: string,
): Credentials | undefined {
  for (const key of keysFor(auths, registry, repository)) {
    const credentials = credentialsOf(auths[key], `credentials of ${registry} in ${origin}`);
    // Docker leaves an empty entry behind where a helper keeps the secret.
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

/** The helper a configuration names for a registry. */
export function helperFor(
  { credHelpers, credsStore }: DockerConfig,
  registry: string,
  repository: string,
): string | undefined {
  for (const key of keysFor(credHelpers, registry, repository)) {
    const name = credHelpers[key];
    if (typeof name === 'string' && name !== '') return name;
  }
  return credsStore;
}

/** Credentials as a helper or an entry gives them: a user of this name has an identity token for a password. */
export function credentialsFor(username: string, secret: string): Credentials {
  return username === '<token>' ? { identityToken: secret } : { username, password: secret };
}

/**
 * The keys of a section that stand for a repository: of exactly this host and port, and where they name the beginning of a
 * repository, of this one. The longest first.
 */
function keysFor(section: JsonObject, registry: string, repository: string): string[] {
  return Object.keys(section)
    .map((key) => ({ key, ...placeOf(key) }))
    .filter(({ host, path }) => {
      if (host !== canonicalHost(registry)) return false;
      return path === '' || repository === path || repository.startsWith(`${path}/`);
    })
    .sort((one, other) => other.path.length - one.path.length)
    .map(({ key }) => key);
}

/** `https://host/v1/`, `host:port` or `host/repository` as host and repository. */
function placeOf(key: string): { host: string | undefined; path: string } {
  const [authority = '', ...rest] = key.replace(/^https?:\/\//i, '').split('/');
  const host = canonicalHost(authority);
  const path = rest.join('/').replace(/\/+$/, '');
  return { host: HOST.test(host) ? host : undefined, path: API_PATHS.includes(path) ? '' : path };
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return HUB_HOSTS.includes(lower) ? 'docker.io' : lower;
}

function credentialsOf(entry: unknown, what: string): Credentials | undefined {
  const text = (name: string): string | undefined => {
    const value = isJsonObject(entry as JsonObject) ? (entry as JsonObject)[name] : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const [token, identityToken, auth] = [text('registrytoken'), text('identitytoken'), text('auth')];
  if (token !== undefined) return { token };
  if (identityToken !== undefined) return { identityToken };
  if (auth !== undefined) return decodeAuth(auth, what);
  const [username, password] = [text('username'), text('password')];
  return username === undefined || password === undefined ? undefined : credentialsFor(username, password);
}

/** `user:password` in base64. */
function decodeAuth(auth: string, what: string): Credentials {
  const decoded = decodeText(auth);
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined || colon < 1) throw new OciError('MALFORMED', `${what} cannot be read`);
  // Docker takes off zero bytes that an old version of it had added.
  return credentialsFor(decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, ''));
}

function decodeText(base64: string): string | undefined {
  try {
    return decodeUtf8(decodeBase64(base64));
  } catch (cause) {
    if (cause instanceof EncodingError) return undefined;
    throw cause;
  }
}

function parse(input: Uint8Array | string, origin: string): JsonObject {
  try {
    const json = parseJson(input, { maxBytes: MAX_CONFIG_BYTES });
    if (isJsonObject(json)) return json;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new OciError('MALFORMED', `${origin} cannot be read: ${cause.message}`);
  }
  throw new OciError('MALFORMED', `${origin} is no JSON object`);
}
