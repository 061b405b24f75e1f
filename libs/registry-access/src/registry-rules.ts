import { OciError, type ImageReference } from '@sigstead/oci';
import { z } from 'zod';

const HOST = /^(?:\*\.)?[a-z0-9.-]+(?::[0-9]{1,5})?$|^\[[0-9a-f:]+\](?::[0-9]{1,5})?$/;
const PREFIX = /^[a-z0-9._/-]+$/;
const INSECURE = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::(?:[0-9]{1,5}|\*))?$/;

/** One entry of a list of allowed registries. */
const allowedPattern = z
  .string()
  .toLowerCase()
  .refine((text) => {
    const { host, prefix } = splitPattern(text);
    return HOST.test(host) && (!text.includes('/') || PREFIX.test(prefix));
  }, 'want host, host:port or *.domain, with /repository/prefix if wanted');

/** One entry of a list of registries without TLS; `host:*` stands for every port of the host. */
const insecurePattern = z.string().toLowerCase().regex(INSECURE, 'want host, host:port or host:*');

/** One entry of a list of token services that live on another host than their registry: `registry=host`, over https. */
const tokenHostPattern = z
  .string()
  .toLowerCase()
  .refine((text) => {
    const parts = text.split('=');
    return parts.length === 2 && parts.every((host) => HOST.test(host) && !host.startsWith('*.'));
  }, 'want registry=host, such as registry.example=auth.example')
  .transform((text) => text.split('=') as [registry: string, host: string]);

export const registryPattern = {
  allowed: allowedPattern,
  insecure: insecurePattern,
  tokenHost: tokenHostPattern,
};

export interface RegistryLists {
  /** Patterns; none for every registry on the public internet. */
  readonly allowed?: readonly string[] | undefined;
  /** Spoken to without TLS, on whatever address; allowed by being listed. */
  readonly insecure?: readonly string[] | undefined;
  /** Registries with the host of their token service, which is then given their credentials, wherever it is. */
  readonly tokenHosts?: readonly (readonly [registry: string, host: string])[] | undefined;
}

/** Which registries a service talks to, and how. */
export class RegistryRules {
  readonly #allowed: readonly string[];
  readonly #insecure: ReadonlySet<string>;
  readonly #named: ReadonlySet<string>;
  readonly tokenHosts: Readonly<Record<string, string>>;

  constructor({ allowed = [], insecure = [], tokenHosts = [] }: RegistryLists) {
    this.#allowed = allowed;
    this.#insecure = new Set(insecure);
    const hosts = allowed
      .map((pattern) => splitPattern(pattern).host)
      .filter((host) => !host.startsWith('*.'));
    this.#named = new Set([...hosts, ...tokenHosts.map(([, host]) => host)].map(urlHost));
    this.tokenHosts = Object.fromEntries(tokenHosts.map(([registry, host]) => [registry, urlHost(host)]));
  }

  /** @throws OciError REFUSED when there is a list and the image is not on it */
  assertAllowed(image: ImageReference): void {
    if (this.#allowed.length === 0 || this.allowsHttp(image.registry)) return;
    if (this.#allowed.some((pattern) => matches(pattern, image))) return;
    throw new OciError(
      'REFUSED',
      `${image.name} is refused: the registry is not on the list of allowed ones`,
    );
  }

  /** Plain http where the operator says so and nowhere else. */
  allowsHttp(host: string): boolean {
    return this.#insecure.has(host) || this.#insecure.has(`${host.replace(/:[0-9]+$/, '')}:*`);
  }

  /** Named by the operator word for word, and so trusted to be where it is meant to be, private networks included. */
  isNamed(host: string): boolean {
    return this.#named.has(host) || this.allowsHttp(host);
  }
}

function matches(pattern: string, image: ImageReference): boolean {
  const { host, prefix } = splitPattern(pattern);
  const isHost = host.startsWith('*.') ? image.registry.endsWith(host.slice(1)) : image.registry === host;
  return (
    isHost && (prefix === '' || image.repository === prefix || image.repository.startsWith(`${prefix}/`))
  );
}

function splitPattern(pattern: string): { host: string; prefix: string } {
  const slash = pattern.indexOf('/');
  if (slash < 0) return { host: pattern, prefix: '' };
  return { host: pattern.slice(0, slash), prefix: pattern.slice(slash + 1).replace(/\/+$/, '') };
}

/** As a URL has it, where the port of https is left out. */
function urlHost(host: string): string {
  return URL.canParse(`https://${host}`) ? new URL(`https://${host}`).host : host;
}
