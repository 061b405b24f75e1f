import { OciError, type ImageReference } from '@sigstead/oci';
import { z } from 'zod';

const PATTERN =
  /^(?:\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[a-z0-9._/-]+)?$|^\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?(?:\/[a-z0-9._/-]+)?$/;

/** One entry of the lists of registries. */
export const registryPattern = z
  .string()
  .regex(PATTERN, 'want host, host:port or *.domain, with /repository/prefix if wanted')
  .transform((text) => text.toLowerCase());

/** Which registries the signer talks to, and how. */
export class RegistryRules {
  readonly #allowed: readonly string[];
  readonly #insecure: ReadonlySet<string>;
  readonly #named: ReadonlySet<string>;

  /**
   * @param allowed patterns as in the configuration, none for every registry
   * @param insecure `host[:port]` to be spoken to without TLS
   */
  constructor(allowed: readonly string[], insecure: readonly string[]) {
    this.#allowed = allowed;
    this.#insecure = new Set(insecure);
    const hosts = allowed.map((pattern) => splitPattern(pattern).host);
    this.#named = new Set([...insecure, ...hosts.filter((host) => !host.startsWith('*.'))]);
  }

  /** @throws OciError REFUSED */
  assertAllowed(image: ImageReference): void {
    if (this.#allowed.length === 0 || this.#insecure.has(image.registry)) return;
    if (this.#allowed.some((pattern) => matches(pattern, image))) return;
    throw new OciError(
      'REFUSED',
      `images of ${image.name} are not signed here: the registry is not on the list`,
    );
  }

  allowsHttp(host: string): boolean {
    return this.#insecure.has(host);
  }

  /** Named by the operator word for word, and so trusted to be where it is meant to be, private networks included. */
  isNamed(host: string): boolean {
    return this.#named.has(host);
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
